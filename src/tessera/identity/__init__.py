"""A person across all rooms: who is the same one, what is held of one, how one goes away."""
