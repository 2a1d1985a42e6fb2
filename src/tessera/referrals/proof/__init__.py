"""The proof of what was paid for members who were brought."""
