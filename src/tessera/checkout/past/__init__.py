"""What members bought and did, as a list tells it."""
