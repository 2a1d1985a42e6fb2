"""Stores: where receipts are written; each with its own time zone."""
