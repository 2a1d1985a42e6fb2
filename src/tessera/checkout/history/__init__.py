"""What members did and what rules gave them, day by day; what programs need to know of it."""
