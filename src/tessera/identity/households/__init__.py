"""Households come together and apart: their members' accounts with them."""
