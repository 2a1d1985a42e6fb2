"""Receipts, and why each gave what it gave; points, lot by lot."""
