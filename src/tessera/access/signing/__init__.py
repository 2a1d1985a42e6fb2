"""Staff and members sign in: factors, sessions, limits."""
