"""joining: how people become members, where from, and what it cost."""
