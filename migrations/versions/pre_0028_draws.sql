-- Prize draws: tickets, seeds and what was drawn.
SELECT 1;
