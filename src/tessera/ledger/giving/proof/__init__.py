"""The proof of what was done with points besides receipts."""
