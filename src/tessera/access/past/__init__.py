"""What staff did to members, as a list tells it."""
