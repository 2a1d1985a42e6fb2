-- name: expired_moves
-- All that went to and from `expired`, in the order in which it was posted.
SELECT account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
FROM ledger.move
WHERE account_id = ANY(%b::uuid[]) AND 'expired' IN (source, target)
ORDER BY account_id, seq;

-- name: expired_lots
-- The lots in which that was, empty ones too.
SELECT
    account_id, id, outcome_id, earned_at, expires_at, points, remaining, pending, activates_at,
    waits_for, rolls
FROM ledger.lot
WHERE account_id = ANY(%b::uuid[]) AND (account_id, id) IN (
    SELECT move.account_id, move.lot_id
    FROM ledger.move
    WHERE move.account_id = ANY(%b::uuid[]) AND 'expired' IN (move.source, move.target)
);
