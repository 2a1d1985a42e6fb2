"""What can be had for points: the catalogue, and what members have claimed of it."""
