"""Coupons: kinds and what came of them, orders of codes, one code looked up."""
