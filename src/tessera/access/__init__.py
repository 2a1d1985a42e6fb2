"""access: principals, roles, keys, the policy table, idempotency per key."""
