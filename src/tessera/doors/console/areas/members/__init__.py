"""Members, for who answers the phone: found by anything, and everything about one on a card."""
