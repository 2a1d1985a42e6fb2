"""What budgets have been drawn on: ceilings that hold however many tills draw at once."""
