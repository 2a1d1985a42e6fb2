"""Everything that happened to a member, in one list."""
