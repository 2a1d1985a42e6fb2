"""Passkeys, and what was begun in a browser and comes back."""
