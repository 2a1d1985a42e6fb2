"""Budgets: what is drawn on each, what is left, until when it lasts."""
