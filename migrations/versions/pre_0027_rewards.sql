-- The catalogue of rewards, what was claimed of it, and codes of others.
SELECT 1;
