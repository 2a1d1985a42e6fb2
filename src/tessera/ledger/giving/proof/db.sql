-- The proof of operations. Each check yields sentences, none if all is well, 100 at most.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM ledger.operation;

-- name: operations
-- What a row says is what its moves say, in its wallets and nowhere else; what left and did not
-- arrive is the fee.
WITH
moved AS (
    SELECT
        operation.id, operation.kind, operation.points, operation.to_points, operation.fee_points,
        sum(move.points) FILTER (
            WHERE move.target IN ('sent', 'donated', 'exchanged', 'adjusted', 'reversed')
        ) AS gone,
        sum(move.points) FILTER (
            WHERE
                move.target IN ('sent', 'donated', 'exchanged', 'adjusted', 'reversed', 'spent')
                AND coalesce(account.owner_id, account.id) = operation.account_id
                AND account.currency = operation.currency
        ) AS own,
        sum(move.points) FILTER (WHERE move.target = 'spent') AS fee,
        sum(move.points) FILTER (
            WHERE move.source IN ('sent', 'exchanged', 'adjusted', 'spent', 'issued')
        ) AS came,
        sum(move.points) FILTER (
            WHERE move.source IN ('sent', 'exchanged', 'adjusted', 'spent', 'issued')
                AND coalesce(account.owner_id, account.id) = operation.to_account_id
                AND account.currency = operation.to_currency
        ) AS there
    FROM ledger.operation
    LEFT JOIN ledger.move ON operation.id = move.outcome_id
    LEFT JOIN ledger.account ON move.account_id = account.id
    GROUP BY operation.id
),

said AS (
    SELECT
        id, kind, points, to_points, fee_points, coalesce(gone, 0) AS gone, coalesce(own, 0) AS own,
        coalesce(fee, 0) AS fee, coalesce(came, 0) AS came, coalesce(there, 0) AS there,
        CASE kind WHEN 'extension' THEN 0 ELSE points END AS leaving
    FROM moved
)

SELECT format(
    'operation %s (%s): %s points left and %s came, %s of them fee; by its moves %s, %s, %s',
    id, kind, points, to_points, fee_points, own, there, fee
)
FROM said
WHERE own <> leaving OR gone + fee <> leaving OR came <> to_points OR there <> to_points
    OR fee <> CASE kind WHEN 'claim' THEN points ELSE fee_points END
    OR (kind IN ('transfer', 'gift') AND points - fee_points <> to_points)
ORDER BY id
LIMIT 100;

-- name: strays
-- What goes these ways belongs to an operation.
SELECT format(
    'account %s: move %s of %s points goes from %s to %s, but there is no operation %s',
    account_id, seq, points, source, target, outcome_id
)
FROM ledger.move
WHERE (
    target IN ('sent', 'donated', 'exchanged', 'adjusted')
    OR source IN ('sent', 'donated', 'exchanged', 'adjusted')
) AND NOT EXISTS (SELECT FROM ledger.operation WHERE operation.id = move.outcome_id)
ORDER BY account_id, seq
LIMIT 100;

-- name: extensions
-- Each time a lot lives longer it begins where it ended before, in whichever wallet it was then,
-- and it expires when the last says.
WITH
steps AS (
    SELECT
        extension.account_id, extension.lot_id, extension.operation_id, extension.old_expires_at,
        extension.new_expires_at,
        lag(extension.new_expires_at) OVER by_time AS before,
        lead(extension.new_expires_at) OVER by_time AS after
    FROM ledger.extension
    WINDOW by_time AS (
        PARTITION BY extension.lot_id ORDER BY extension.new_expires_at
    )
)

SELECT format(
    'account %s: lot %s lives from %s to %s by operation %s, but %s',
    steps.account_id, steps.lot_id, steps.old_expires_at, steps.new_expires_at, steps.operation_id,
    CASE
        WHEN lot.id IS NULL THEN 'there is no such lot'
        WHEN steps.old_expires_at <> steps.before THEN format('it lived to %s', steps.before)
        ELSE format('it expires at %s', coalesce(lot.expires_at::text, 'no time'))
    END
)
FROM steps
LEFT JOIN ledger.lot ON steps.account_id = lot.account_id AND steps.lot_id = lot.id
WHERE lot.id IS NULL OR steps.old_expires_at <> steps.before
    OR (steps.after IS NULL AND lot.expires_at IS DISTINCT FROM steps.new_expires_at)
ORDER BY steps.account_id, steps.lot_id
LIMIT 100;

-- name: lengthened
-- An extension says how many points live longer by it.
SELECT format(
    'operation %s: %s points live longer, its lots have %s',
    operation.id, operation.points, coalesce(sum(extension.points), 0)
)
FROM ledger.operation
LEFT JOIN ledger.extension ON operation.id = extension.operation_id
WHERE operation.kind = 'extension'
GROUP BY operation.id
HAVING operation.points <> coalesce(sum(extension.points), 0)
ORDER BY operation.id
LIMIT 100;

-- name: calls
-- Every operation was asked for by one call, and every such call was done, unless it waits for a
-- second person: then it is done as the outcome of that person's call, if he says yes. Claims,
-- referrals and prizes of boards are proved where they belong: they come by themselves too.
WITH
asked AS (
    SELECT
        coalesce(waits.outcome_id, request.outcome_id) AS outcome_id,
        min(request.operation) AS operation, min(request.key) AS key, count(*) AS calls
    FROM access.request
    LEFT JOIN access.approval AS waits ON request.outcome_id = waits.id
    WHERE request.operation IN (
        'transfer.send', 'donation.make', 'exchange.make', 'adjustment.make', 'extension.make',
        'me.transfer', 'me.donate'
    ) AND (waits.id IS NULL OR waits.state = 'approved')
    GROUP BY 1
)

SELECT CASE
    WHEN done.id IS NULL THEN format(
        'call %s with key %s: taken as operation %s, but nothing was done', asked.operation,
        asked.key, asked.outcome_id
    )
    ELSE format(
        '%s %s: %s calls asked for it, expected 1', done.kind, done.id, coalesce(asked.calls, 0)
    )
END
FROM (
    SELECT * FROM ledger.operation
    WHERE kind NOT IN ('claim', 'claim_back', 'referral', 'prize')
) AS done
FULL JOIN asked ON done.id = asked.outcome_id
WHERE done.id IS NULL OR asked.calls IS DISTINCT FROM 1
ORDER BY coalesce(done.id, asked.outcome_id)
LIMIT 100;
