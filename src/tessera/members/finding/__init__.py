"""Members found by what somebody types, and listed."""
