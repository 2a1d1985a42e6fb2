"""Rewards at the counter: whose code is shown gets what it is of, once."""
