"""Accounts that become one, and part again: every wallet, lot, date and debt of theirs."""
