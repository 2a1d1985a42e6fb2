"""The proof of what boards gave."""
