"""warehouse: stores and receipts as data, loads and their quarantine."""
