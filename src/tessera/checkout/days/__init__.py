"""What the receipts of each business day add up to."""
