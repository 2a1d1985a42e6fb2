"""Who brought whom, and what it is worth. See README.md."""
