"""The proof of the history: every day and every mark against receipts and events."""
