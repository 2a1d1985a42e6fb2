"""What makes two people alike: forms, keys and evidence. Pure."""
