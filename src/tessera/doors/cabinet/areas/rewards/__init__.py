"""What there is for points: the catalogue, a wish list, what one has claimed."""
