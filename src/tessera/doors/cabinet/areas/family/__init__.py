"""A household: several people, one account."""
