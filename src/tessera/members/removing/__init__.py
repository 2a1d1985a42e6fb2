"""A phone, an address or an id of somebody else's is taken off a member."""
