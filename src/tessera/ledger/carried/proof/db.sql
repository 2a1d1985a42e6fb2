-- The proof of what was carried over. A check yields sentences, none if all is well; 100 at most.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM ledger.carried;

-- name: rows
-- What a row says is what its moves from and to `carried_over` say, in its wallet and nowhere else.
WITH moved AS (
    SELECT
        carried.mark, carried.id, carried.points, count(move.seq) AS moves,
        coalesce(sum(
            CASE WHEN move.source = 'carried_over' THEN move.points ELSE -move.points END
        ), 0) AS posted,
        coalesce(bool_and(
            coalesce(account.owner_id, account.id) = carried.account_id
            AND account.currency = carried.currency AND move.happened_at = carried.earned_at
        ), false) AS there
    FROM ledger.carried
    LEFT JOIN ledger.move
        ON carried.id = move.outcome_id AND 'carried_over' IN (move.source, move.target)
    LEFT JOIN ledger.account ON move.account_id = account.id
    GROUP BY carried.mark, carried.id, carried.points
)

SELECT format(
    'carried over by %s: %s points, by its %s moves %s%s', id, points, moves, posted,
    CASE WHEN there THEN '' ELSE ', not in its wallet at its time' END
)
FROM moved
WHERE points <> posted OR moves <> 1 OR NOT there
ORDER BY id
LIMIT 100;

-- name: strays
-- What comes from or goes to another program was carried over by a row.
SELECT format(
    'account %s: move %s of %s points goes from %s to %s, but nothing was carried over by %s',
    move.account_id, move.seq, move.points, move.source, move.target, move.outcome_id
)
FROM ledger.move
LEFT JOIN ledger.carried ON move.outcome_id = carried.id
WHERE 'carried_over' IN (move.source, move.target) AND carried.id IS NULL
ORDER BY move.account_id, move.seq
LIMIT 100;
