"""Draws: tickets, luck at the till, winners that anybody can compute again."""
