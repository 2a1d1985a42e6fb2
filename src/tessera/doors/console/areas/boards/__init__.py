"""Boards: who leads, how far they are, who has won."""
