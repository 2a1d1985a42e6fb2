"""Draws: odds, stock, tickets, the drawing and its proof."""
