"""Boards: one's own place, the first ones, a nickname."""
