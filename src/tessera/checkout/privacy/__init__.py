"""What a member bought and did, told whole."""
