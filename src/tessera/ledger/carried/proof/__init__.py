"""The proof of what was carried over from other programs."""
