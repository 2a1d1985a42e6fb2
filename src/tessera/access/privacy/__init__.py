"""What this room holds of a person, told whole, and taken away."""
