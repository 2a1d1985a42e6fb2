-- Erasures, retention, who saw personal data.
SELECT 1;
