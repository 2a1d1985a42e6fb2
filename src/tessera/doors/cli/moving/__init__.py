"""A program that ran elsewhere moves in: its members, their points, what they agreed to."""
