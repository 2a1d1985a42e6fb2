-- The proof of joined accounts. Each check yields sentences, none if all is well, 100 at most.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM ledger.joining;

-- name: joinings
-- What a row says went over is what its moves say: out of the one account, into the other, nowhere
-- else.
WITH
moved AS (
    SELECT
        move.outcome_id AS id, account.currency,
        coalesce(sum(move.points) FILTER (
            WHERE move.target = 'joined' AND move.source <> 'debt'
                AND coalesce(account.owner_id, account.id) = leaver.id
        ), 0) AS left_it,
        coalesce(sum(move.points) FILTER (
            WHERE move.source = 'joined' AND move.target <> 'debt'
                AND coalesce(account.owner_id, account.id) = taker.id
        ), 0) AS came,
        coalesce(sum(move.points) FILTER (
            WHERE move.source = 'joined' AND move.target = 'debt'
                AND coalesce(account.owner_id, account.id) = leaver.id
        ), 0) AS debt_left,
        coalesce(sum(move.points) FILTER (
            WHERE move.source = 'debt' AND move.target = 'joined'
                AND coalesce(account.owner_id, account.id) = taker.id
        ), 0) AS debt_came,
        sum(move.points) AS points
    FROM ledger.move
    JOIN ledger.account ON move.account_id = account.id
    LEFT JOIN ledger.joining ON move.outcome_id = joining.id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN joining.undoes IS NULL THEN joining.account_id
            ELSE joining.to_account_id END AS id
    ) AS leaver
    CROSS JOIN LATERAL (
        SELECT CASE WHEN joining.undoes IS NULL THEN joining.to_account_id
            ELSE joining.account_id END AS id
    ) AS taker
    WHERE 'joined' IN (move.source, move.target)
    GROUP BY move.outcome_id, account.currency
)

SELECT format(
    'joining %s in %s: %s points and %s owed went over; by its moves %s left and %s came, '
    || '%s owed left and %s came, %s moved in all',
    coalesce(moved.id, said.joining_id),
    coalesce(nullif(coalesce(moved.currency, said.currency), ''), 'points'),
    coalesce(said.points, 0), coalesce(said.debt, 0), coalesce(moved.left_it, 0),
    coalesce(moved.came, 0), coalesce(moved.debt_left, 0), coalesce(moved.debt_came, 0),
    coalesce(moved.points, 0)
)
FROM moved
FULL JOIN ledger.joined_wallet AS said
    ON moved.id = said.joining_id AND moved.currency = said.currency
WHERE (coalesce(said.points, 0), coalesce(said.points, 0), coalesce(said.debt, 0),
    coalesce(said.debt, 0), 2 * coalesce(said.points + said.debt, 0))
    <> (coalesce(moved.left_it, 0), coalesce(moved.came, 0), coalesce(moved.debt_left, 0),
    coalesce(moved.debt_came, 0), coalesce(moved.points, 0))
ORDER BY 1
LIMIT 100;

-- name: gone
-- An account is where its last joining says: gone to the other one, or there; and what is gone
-- holds nothing, in no currency.
WITH newest AS (
    SELECT DISTINCT ON (account_id) account_id, to_account_id, undoes
    FROM ledger.joining
    ORDER BY account_id, posted_at DESC, id DESC
)

SELECT format(
    'account %s: it is %s, its last joining says %s', account.id,
    CASE WHEN account.joined_to <> account.id THEN format('joined to %s', account.joined_to)
    ELSE 'there' END,
    CASE WHEN newest.undoes IS NULL AND newest.account_id IS NOT NULL
        THEN format('joined to %s', newest.to_account_id) ELSE 'there' END
)
FROM ledger.account
LEFT JOIN newest ON account.id = newest.account_id
WHERE account.currency = ''
    AND (account.joined_to IS NOT NULL OR newest.account_id IS NOT NULL)
    AND CASE WHEN account.joined_to <> account.id THEN account.joined_to END
    IS DISTINCT FROM CASE WHEN newest.undoes IS NULL THEN newest.to_account_id END
UNION ALL
SELECT format(
    'account %s: it was joined with another, and does not say so', wallet.id
)
FROM ledger.account AS wallet
JOIN (
    SELECT joining.account_id AS id, went.currency
    FROM ledger.joining
    JOIN ledger.joined_wallet AS went ON joining.id = went.joining_id
    UNION
    SELECT joining.to_account_id, went.currency
    FROM ledger.joining
    JOIN ledger.joined_wallet AS went ON joining.id = went.joining_id
) AS named
    ON coalesce(wallet.owner_id, wallet.id) = named.id AND wallet.currency = named.currency
WHERE wallet.joined_to IS NULL
UNION ALL
SELECT format('account %s is gone to %s and has points', wallet.id, owner.joined_to)
FROM ledger.account AS wallet
JOIN ledger.account AS owner ON coalesce(wallet.owner_id, wallet.id) = owner.id
WHERE owner.joined_to <> owner.id
    AND (wallet.active <> 0 OR wallet.pending <> 0 OR wallet.debt <> 0 OR wallet.holds <> 0)
LIMIT 100;

-- name: lots
-- A lot that came from another wallet is the one that it was there: only its dates may have been
-- extended since. All that was ever in it is in one of them.
SELECT format(
    'account %s: lot %s came from %s, but %s', lot.account_id, lot.id, lot.came_from,
    CASE WHEN was.id IS NULL THEN 'is not there' ELSE 'differs from the one there' END
)
FROM ledger.lot
LEFT JOIN ledger.lot AS was ON lot.came_from = was.account_id AND lot.id = was.id
WHERE lot.came_from IS NOT NULL AND (
    was.id IS NULL
    OR (was.outcome_id, was.earned_at, was.points, was.activates_at, was.waits_for, was.rolls)
    IS DISTINCT FROM
    (lot.outcome_id, lot.earned_at, lot.points, lot.activates_at, lot.waits_for, lot.rolls)
)
UNION ALL
SELECT format(
    'lot %s of %s points has %s left in its %s wallets', lot.id, min(lot.points),
    sum(lot.remaining), count(*)
)
FROM ledger.lot
WHERE lot.id IN (SELECT came.id FROM ledger.lot AS came WHERE came.came_from IS NOT NULL)
GROUP BY lot.id
HAVING sum(lot.remaining) > min(lot.points)
LIMIT 100;

-- name: undone
-- A parting undoes a joining of the same two accounts.
SELECT format('parting %s undoes %s, which joined other accounts', parting.id, parting.undoes)
FROM ledger.joining AS parting
JOIN ledger.joining AS joined ON parting.undoes = joined.id
WHERE joined.undoes IS NOT NULL
    OR (joined.account_id, joined.to_account_id) <> (parting.account_id, parting.to_account_id)
LIMIT 100;
