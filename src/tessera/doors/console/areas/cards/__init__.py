"""Cards: numbers are issued in batches, printed, and handed out."""
