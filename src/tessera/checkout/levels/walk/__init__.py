"""The whole base, account by account: who is near a level, who has come up to one."""
