"""A rehearsal with tills that are cut off: many at once, by a plan, with a proof at the end."""
