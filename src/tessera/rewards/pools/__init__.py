"""Codes of somebody else's, of which each goes to one claim."""
