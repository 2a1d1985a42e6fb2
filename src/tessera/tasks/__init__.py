"""Long work that somebody asked for, how far it is, and what runs by itself."""
