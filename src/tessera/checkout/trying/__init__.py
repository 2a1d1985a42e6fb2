"""A receipt tried under two programs, dry."""
