"""Stores, remembered: read by every receipt, written now and then."""
