"""Households: several members on one account, with roles and limits."""
