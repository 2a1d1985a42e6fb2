"""incidents: what went wrong with the house, when, how long, and what was done."""
