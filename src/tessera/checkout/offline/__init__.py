"""What a till may let a card spend while it is cut off, and what becomes of it afterwards."""
