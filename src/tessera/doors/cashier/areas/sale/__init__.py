"""The counter: whose card it is, what the basket brings, the receipt, its undoing, a new member."""
