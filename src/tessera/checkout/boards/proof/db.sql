-- The proof of boards. Each check yields sentences, none if all is well, 100 at most.
-- It reads ledger.operation: whoever proves looks everywhere.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM checkout.board_winner;

-- name: paid
-- Whoever was paid got what the place wins, by one operation with the winner's number.
SELECT format(
    'winner %s of the board %s: %s points say the books, the place wins %s', w.id, w.board,
    coalesce(o.to_points, 0), w.points
)
FROM checkout.board_winner AS w
LEFT JOIN ledger.operation AS o ON w.id = o.id AND o.kind = 'prize'
WHERE w.paid_at IS NOT NULL AND w.points <> coalesce(o.to_points, 0)
ORDER BY w.id
LIMIT 100;

-- name: operations
-- Every operation of this kind pays a winner.
SELECT format('operation %s (prize) of account %s pays no winner', o.id, o.account_id)
FROM ledger.operation AS o
WHERE o.kind = 'prize' AND NOT EXISTS (
    SELECT FROM checkout.board_winner AS w WHERE w.id = o.id AND w.paid_at IS NOT NULL
)
ORDER BY o.id
LIMIT 100;
