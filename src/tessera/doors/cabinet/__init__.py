"""The member's cabinet, under /m: phone first, installable."""
