"""What a person has claimed and wished for: told whole, and taken away."""
