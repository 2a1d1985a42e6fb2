"""What one agreed to, what is held, and the end of it."""
