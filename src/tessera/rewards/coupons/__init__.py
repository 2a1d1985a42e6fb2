"""Coupons: codes by the million, what they are good for, who has used them."""
