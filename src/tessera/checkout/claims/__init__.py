"""claims: whether somebody holds a receipt of a card, and so the card."""
