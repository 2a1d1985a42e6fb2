"""`tessera tiers`: levels and their reviews on the command line."""
