"""Export, erasure, retention, and who saw personal data."""
