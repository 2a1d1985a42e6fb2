"""What there is to get, how near one is to it, and what one chooses in advance."""
