"""The audit log: who did what, when, from what to what, and why, in chains that show tampering."""
