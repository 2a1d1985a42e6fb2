"""members: people, their cards and the accounts that own points."""
