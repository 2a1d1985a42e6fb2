"""Points that another program had, carried over with their dates."""
