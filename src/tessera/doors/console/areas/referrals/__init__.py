"""Who was brought by whom, and what came of it."""
