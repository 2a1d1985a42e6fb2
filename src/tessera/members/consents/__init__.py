"""consents: for which purpose and on which channel somebody may be told something."""
