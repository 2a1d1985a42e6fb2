"""Decisions about people signing in; pure."""
