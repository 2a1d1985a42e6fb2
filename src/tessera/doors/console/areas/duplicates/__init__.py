"""Members who may be one person, judged one pair at a time."""
