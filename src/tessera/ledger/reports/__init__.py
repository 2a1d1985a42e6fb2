"""How many points there are, and how they came to be, at any instant."""
