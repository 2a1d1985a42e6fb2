"""The proof of the checkout: receipts, promises and calls against the moves and each other."""
