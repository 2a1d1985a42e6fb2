"""What happened to members besides receipts, remembered."""
