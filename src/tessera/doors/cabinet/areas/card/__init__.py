"""The card as one holds it up: large, awake, and there without a line."""
