"""What an account has, lot by lot, and what has moved in it: for those who answer questions."""
