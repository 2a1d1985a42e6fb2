-- The books as two-legged entries, and what the sealer reads.

-- Moves come in the order of their time, so a few pages tell where a stretch of time lies.
CREATE INDEX move_posted ON ledger.move USING brin (posted_at)
WITH (pages_per_range = 32, autosummarize = on);

-- Every move as two entries: what left one bucket of a wallet and what came into another. They add
-- up to nothing for each move, and for each bucket to what it holds.
CREATE VIEW ledger.entry AS
SELECT
    m.account_id, m.seq, leg.bucket, leg.points, m.lot_id, m.outcome_id, m.happened_at, m.posted_at
FROM ledger.move AS m
CROSS JOIN LATERAL (VALUES (m.source, -m.points), (m.target, m.points)) AS leg (bucket, points);
GRANT SELECT ON ledger.entry TO tessera_app;
