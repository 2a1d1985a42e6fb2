"""The door of tills and of administration: JSON over HTTP under /v1."""
