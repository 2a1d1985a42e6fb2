"""Points for somebody else: sent, given as a present, given to a cause."""
