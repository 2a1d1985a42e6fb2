"""Levels by what accounts did: what counts is looked up in the history, reviews are decided."""
