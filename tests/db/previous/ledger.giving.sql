-- name: one_at_a_time
-- Adjustments of one key go one after the other, whatever accounts they are about: their sum has a
-- limit. Taken before any account is locked; it ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('adjustment ' || %(principal)s::text, 0));

-- name: done
-- What went this way before, since the day and the month began. The account is locked.
SELECT
    coalesce(sum(points) FILTER (WHERE happened_at >= %(day)s), 0)::bigint,
    coalesce(sum(points), 0)::bigint
FROM ledger.operation
WHERE account_id = %(account)s AND kind = %(kind)s AND currency = %(currency)s
    AND to_currency = %(to_currency)s AND happened_at >= %(month)s;

-- name: adjusted_by
-- What a key has put in and taken out since then, added up.
SELECT coalesce(sum(points + to_points), 0)::bigint
FROM ledger.operation
WHERE kind = 'adjustment' AND principal_id = %(principal)s AND currency = %(currency)s
    AND happened_at >= %(since)s;

-- name: adjusted_of
-- What was put into and taken out of an account since then, added up.
SELECT coalesce(sum(points + to_points), 0)::bigint
FROM ledger.operation
WHERE kind = 'adjustment' AND account_id = %(account)s AND currency = %(currency)s
    AND happened_at >= %(since)s;

-- name: add_operation
-- A fact: added, never changed.
INSERT INTO ledger.operation (
    id, kind, account_id, currency, points, to_account_id, to_currency, to_points, fee_points,
    cause, reason, principal_id, happened_at, posted_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: add_extensions
-- Which lots live longer since, and until when they would have lived.
INSERT INTO ledger.extension (
    account_id, lot_id, operation_id, points, old_expires_at, new_expires_at
)
SELECT %(account)s, lot_id, %(operation)s, points, old_expires_at, new_expires_at
FROM unnest(
    %(lots)s::uuid[], %(points)s::bigint[], %(old)s::timestamptz[], %(new)s::timestamptz[]
) AS longer (lot_id, points, old_expires_at, new_expires_at);

-- name: moves
-- A wallet's moves, the newest first, each with the operation it belongs to, if it is one of these.
SELECT
    move.seq, move.outcome_id, move.source, move.target, move.points, move.lot_id, move.happened_at,
    move.posted_at, operation.kind, operation.cause, operation.reason, operation.account_id,
    operation.to_account_id
FROM ledger.move
LEFT JOIN ledger.operation ON move.outcome_id = operation.id
WHERE move.account_id = %(wallet)s AND move.seq < %(before)s
ORDER BY move.seq DESC
LIMIT %(most)s;
