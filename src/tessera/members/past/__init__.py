"""What happened to a member, as a list tells it."""
