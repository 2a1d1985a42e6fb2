-- ledger: what was carried over from other programs.

-- name: find
-- What is written of these marks; one look-up each.
SELECT c.mark, c.account_id, c.currency, c.points, c.earned_at, c.said_expires_at, c.said_active_at
FROM unnest(%b::bytea[]) AS asked (mark)
CROSS JOIN LATERAL (
    SELECT
        k.mark, k.account_id, k.currency, k.points, k.earned_at, k.said_expires_at,
        k.said_active_at
    FROM ledger.carried AS k
    WHERE k.mark = asked.mark
    OFFSET 0
) AS c;

-- name: add
-- Openings nobody has carried over, in one order for everybody; told are those that were added.
INSERT INTO ledger.carried (
    mark, id, account_id, points, earned_at, said_expires_at, said_active_at, posted_at, source,
    currency
)
SELECT
    o.mark, o.id, o.account_id, o.points, o.earned_at, o.expires_at, o.active_at, %b, %b, o.currency
FROM unnest(
    %b::bytea[], %b::uuid[], %b::uuid[], %b::text[], %b::bigint[], %b::timestamptz[],
    %b::timestamptz[], %b::timestamptz[]
) AS o (mark, id, account_id, currency, points, earned_at, expires_at, active_at)
ORDER BY o.mark
ON CONFLICT DO NOTHING
RETURNING mark;

-- name: moved
-- What the moves of these marks say, in the wallets that are named; below zero what is owed.
SELECT c.mark, c.points
FROM unnest(%b::bytea[], %b::uuid[]) AS asked (mark, wallet_id)
CROSS JOIN LATERAL (
    SELECT
        k.mark, sum(
            CASE WHEN m.source = 'carried_over' THEN m.points ELSE -m.points END
        )::bigint AS points
    FROM ledger.carried AS k
    JOIN ledger.move AS m ON k.id = m.outcome_id
    WHERE
        k.mark = asked.mark AND m.account_id = asked.wallet_id
        AND 'carried_over' IN (m.source, m.target)
    GROUP BY k.mark
    OFFSET 0
) AS c;

-- name: begin_rehearsal
-- Where a rehearsal writes down what it would carry over; gone with the connection.
CREATE TEMP TABLE IF NOT EXISTS carried (LIKE ledger.carried INCLUDING INDEXES);
