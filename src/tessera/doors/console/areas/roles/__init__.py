"""Roles: who may what, as a table one can read, and roles of one's own."""
