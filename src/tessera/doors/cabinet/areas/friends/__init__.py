"""Bring a friend: a code of one's own, and what became of it."""
