"""What was done with points besides receipts, as a list tells it."""
