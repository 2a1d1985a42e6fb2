"""Four eyes: what waits for a second person, told in words, and the decision."""
