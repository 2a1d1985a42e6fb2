"""Members who are the same person: whose identifiers are whose, and where old ids lead."""
