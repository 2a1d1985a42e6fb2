"""Points outstanding: how old they are, when they expire, how a period changed them."""
