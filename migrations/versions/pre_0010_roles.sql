-- Roles of people and keys, and what a key may: scope, stores, addresses, rotation.
SELECT 1;
