"""Jobs: long work that somebody asked for, and everything that runs by itself."""
