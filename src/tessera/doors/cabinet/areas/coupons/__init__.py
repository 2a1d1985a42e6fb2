"""A member's own coupons, each with the code that a till scans."""
