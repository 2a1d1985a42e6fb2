"""What members let other members call them."""
