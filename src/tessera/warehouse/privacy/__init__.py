"""What was read from files and waits: what of it is a person's goes away with the person."""
