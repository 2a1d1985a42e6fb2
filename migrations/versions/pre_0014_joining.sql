-- Households and merged members: accounts that were joined, and how to part them.
SELECT 1;
