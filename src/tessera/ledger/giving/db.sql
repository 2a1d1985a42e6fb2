-- name: one_at_a_time
-- Adjustments of one person go one after the other, whatever accounts they are about: their sum has
-- a limit. Taken before any account is locked; it ends with the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('adjustment ' || %(person)s::text, 0));

-- name: done
-- What went this way before, since the day and the month began, from the account and those that are
-- joined to it. The account is locked.
WITH RECURSIVE own AS (
    SELECT %(account)s::uuid AS id
    UNION
    SELECT account.id FROM own JOIN ledger.account ON own.id = account.joined_to
)

SELECT
    coalesce(sum(operation.points) FILTER (WHERE operation.happened_at >= %(day)s), 0)::bigint,
    coalesce(sum(operation.points), 0)::bigint
FROM own
JOIN ledger.operation ON own.id = operation.account_id
WHERE operation.kind = %(kind)s AND operation.currency = %(currency)s
    AND operation.to_currency = %(to_currency)s AND operation.happened_at >= %(month)s;

-- name: adjusted_by
-- What a person has put in and taken out since then, with whatever key, added up: all of it, and
-- what no second person has approved.
SELECT
    coalesce(sum(points + to_points), 0)::bigint,
    coalesce(sum(points + to_points) FILTER (WHERE approval_id IS NULL), 0)::bigint
FROM ledger.operation
WHERE kind = 'adjustment' AND currency = %(currency)s AND happened_at >= %(since)s
    AND (person_id = %(person)s OR (person_id IS NULL AND principal_id = %(person)s));

-- name: adjusted_of
-- What was put into and taken out of an account, those beside it in their time, and all that are
-- joined to these, since then: all of it, each once, and what no second person has approved.
WITH RECURSIVE own AS (
    SELECT %(account)s::uuid AS id, NULL::timestamptz AS came_at, NULL::timestamptz AS left_at
    UNION
    SELECT beside.id, beside.came_at, beside.left_at
    FROM unnest(%(beside)s::uuid[], %(came_at)s::timestamptz[], %(left_at)s::timestamptz[])
        AS beside (id, came_at, left_at)
    UNION
    SELECT account.id, own.came_at, own.left_at
    FROM own
    JOIN ledger.account ON own.id = account.joined_to
    WHERE own.left_at IS NULL  -- who came to it since is nobody's who has left
),

done AS (
    SELECT DISTINCT operation.id, operation.points + operation.to_points AS points,
        operation.approval_id
    FROM own
    JOIN ledger.operation ON own.id = operation.account_id
    WHERE operation.kind = 'adjustment' AND operation.currency = %(currency)s
        AND operation.happened_at >= greatest(%(since)s::timestamptz, own.came_at)
        AND operation.happened_at <= coalesce(own.left_at, 'infinity')
)

SELECT
    coalesce(sum(done.points), 0)::bigint,
    coalesce(sum(done.points) FILTER (WHERE done.approval_id IS NULL), 0)::bigint
FROM done;

-- name: add_operation
-- A fact: added, never changed.
INSERT INTO ledger.operation (
    id, kind, account_id, currency, points, to_account_id, to_currency, to_points, fee_points,
    cause, reason, principal_id, happened_at, posted_at, person_id, approval_id
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

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
