"""Two members who are one person: merged, explained, and parted again."""
