-- ledger.joining: accounts that were joined, where they are, and whose kin they are.

-- name: above
-- Where accounts went, step by step up to one that is there.
WITH RECURSIVE up AS (
    SELECT id, joined_to FROM ledger.account WHERE id = ANY(%b::uuid[])
    UNION
    SELECT next.id, next.joined_to
    FROM up
    JOIN ledger.account AS next ON up.joined_to = next.id
)

SELECT id, joined_to FROM up WHERE joined_to <> id;

-- name: below
-- The accounts that are joined to these now, directly or through others.
WITH RECURSIVE down AS (
    SELECT asked.id AS above_id, asked.id
    FROM unnest(%b::uuid[]) AS asked (id)
    UNION
    SELECT down.above_id, account.id
    FROM down
    JOIN ledger.account ON down.id = account.joined_to
    WHERE account.currency = ''
)

SELECT above_id, id FROM down WHERE above_id <> id ORDER BY above_id, id;

-- name: kin
-- The accounts that were ever joined with these, directly or through others.
WITH RECURSIVE clan AS (
    SELECT asked.id AS of_id, asked.id
    FROM unnest(%b::uuid[]) AS asked (id)
    UNION
    SELECT clan.of_id, other.id
    FROM clan
    CROSS JOIN LATERAL (
        SELECT to_account_id AS id FROM ledger.joining WHERE account_id = clan.id
        UNION
        SELECT account_id FROM ledger.joining WHERE to_account_id = clan.id
    ) AS other
)

SELECT of_id, id FROM clan WHERE of_id <> id ORDER BY of_id, id;

-- name: lots
-- These lots where they are in a wallet already, empty ones too.
SELECT
    id, outcome_id, earned_at, expires_at, points, remaining, pending, activates_at, waits_for,
    rolls
FROM ledger.lot
WHERE account_id = %(wallet)s AND id = ANY(%(lots)s::uuid[]);

-- name: came
-- The lots that a joining brought to a wallet, and those that came back since to where they would
-- be now: with the operations that had earned them. What an earlier joining left here is not its.
WITH known AS (
    SELECT
        move.lot_id, bool_or(move.outcome_id = %(joining)s AND move.source = 'joined') AS brought
    FROM ledger.move
    WHERE move.account_id = %(wallet)s AND move.seq <= %(seq)s AND move.lot_id IS NOT NULL
    GROUP BY move.lot_id
)

SELECT lot.id, lot.outcome_id
FROM ledger.lot
LEFT JOIN known ON lot.id = known.lot_id
WHERE lot.account_id = %(wallet)s
    AND coalesce(known.brought, lot.came_from = %(other)s, FALSE);

-- name: joined_since
-- Whether an account was joined with another, or parted from one, since a joining; it is locked.
SELECT count(*) > 0
FROM ledger.joining AS later
JOIN ledger.joining AS earlier ON later.id <> earlier.id
WHERE earlier.id = %s
    AND earlier.to_account_id IN (later.account_id, later.to_account_id)
    AND (later.posted_at, later.id) > (earlier.posted_at, earlier.id);

-- name: lots_elsewhere
-- Lots that these operations opened or touched in wallets of the clan: each where it began, with
-- the latest of its dates.
SELECT DISTINCT ON (lot.id)
    lot.account_id, lot.id, lot.outcome_id, lot.earned_at,
    max(lot.expires_at) OVER (PARTITION BY lot.id) AS expires_at, lot.points, lot.activates_at,
    lot.waits_for, lot.rolls
FROM ledger.lot
WHERE lot.account_id = ANY(%(wallets)b::uuid[]) AND (
    lot.outcome_id = ANY(%(outcomes)b::uuid[])
    OR (lot.account_id, lot.id) IN (
        SELECT move.account_id, move.lot_id
        FROM ledger.move
        WHERE
            move.account_id = ANY(%(wallets)b::uuid[])
            AND move.outcome_id = ANY(%(outcomes)b::uuid[])
    )
)
ORDER BY lot.id, lot.came_from NULLS FIRST;

-- name: stands
-- Whose own wallets are marked: they have kin from now on.
UPDATE ledger.account SET joined_to = id WHERE id = ANY(%b::uuid[]);

-- name: goes
-- These wallets are gone: each went to another. They are empty by now.
UPDATE ledger.account SET joined_to = new.to_id
FROM unnest(%b::uuid[], %b::uuid[]) AS new (id, to_id)
WHERE account.id = new.id;

-- name: add
-- A fact: two accounts were joined, or parted.
INSERT INTO ledger.joining (
    id, account_id, to_account_id, undoes, kept, principal_id, happened_at, posted_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s);

-- name: add_wallets
-- What went over in each currency.
INSERT INTO ledger.joined_wallet (
    joining_id, currency, points, debt, rolls_before, rolls_after, seq
)
SELECT %s, currency, points, debt, rolls_before, rolls_after, seq
FROM unnest(
    %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[]
) AS went (currency, points, debt, rolls_before, rolls_after, seq);

-- name: read
-- A joining, and whether it was undone.
SELECT
    joining.id, joining.account_id, joining.to_account_id, joining.undoes, joining.kept,
    joining.principal_id, joining.happened_at, joining.posted_at, undoing.id AS undone_by
FROM ledger.joining
LEFT JOIN ledger.joining AS undoing ON joining.id = undoing.undoes
WHERE joining.id = %s;

-- name: wallets
-- What went over with a joining, its own points first.
SELECT currency, points, debt, rolls_before, rolls_after, seq
FROM ledger.joined_wallet
WHERE joining_id = %s
ORDER BY currency;
