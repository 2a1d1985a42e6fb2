"""How every door speaks: sentences, figures, refusals and faults in five languages."""
