"""The proof of this room: what it says is held against what it follows from."""
