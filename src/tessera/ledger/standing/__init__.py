"""Where an account stands, in one look: for those who ask often and change nothing."""
