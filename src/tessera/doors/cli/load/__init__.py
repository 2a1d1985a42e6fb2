"""Receipts from files: a mapping says which column is what, quarantine says what was wrong."""
