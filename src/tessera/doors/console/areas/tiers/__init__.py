"""Ladders of tiers: who stands where, how many moved, what the last reviews came to."""
