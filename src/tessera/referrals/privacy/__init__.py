"""What is held of who brought whom: told whole, and taken away."""
