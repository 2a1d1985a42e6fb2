"""`tessera duplicates`: all members compared with each other, pairs for people to judge."""
