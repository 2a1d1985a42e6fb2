"""Partners: who owes whom for points, period by period."""
