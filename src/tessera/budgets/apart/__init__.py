"""Drawing on budgets besides receipts: a reward that is claimed, a prize for bringing somebody."""
