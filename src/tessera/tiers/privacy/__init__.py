"""What tiers hold of a person."""
