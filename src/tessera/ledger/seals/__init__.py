"""Heads of the wallets' chains, written to files that can be kept elsewhere."""
