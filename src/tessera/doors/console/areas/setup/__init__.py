"""The first hours of an installation: its owner, its shop, its rate, its cards, a receipt."""
