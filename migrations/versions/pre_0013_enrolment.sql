-- Joining: where from, verified identifiers, consents, choices.
SELECT 1;
