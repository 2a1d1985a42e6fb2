"""Files that are loaded: how far they came, what waits, what is in quarantine."""
