"""Boards: rankings of members in a period, and what the first places win."""
