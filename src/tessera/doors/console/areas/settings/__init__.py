"""The shop as people see it: its name, its looks, its languages."""
