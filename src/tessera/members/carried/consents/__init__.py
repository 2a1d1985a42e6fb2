"""What members of another program had agreed to there."""
