"""Programs that are being written."""
