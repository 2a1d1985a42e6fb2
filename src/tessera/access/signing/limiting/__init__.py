"""Tries to sign in are counted before they are judged."""
