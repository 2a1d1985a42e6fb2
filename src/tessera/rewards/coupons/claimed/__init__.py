"""Coupons that members have claimed as rewards."""
