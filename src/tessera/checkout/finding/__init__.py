"""Members found by their receipts."""
