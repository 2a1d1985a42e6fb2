"""What rules are made of (`words`) and how they are decided (`engine`)."""
