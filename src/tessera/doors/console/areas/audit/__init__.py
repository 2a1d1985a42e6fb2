"""The log: who did what, what was there before, and whether it is whole."""
