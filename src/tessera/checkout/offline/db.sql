-- name: add_key
-- The pair that signs allowances, made at the first use; whoever comes second keeps the first.
INSERT INTO checkout.allowance_key (one, private, public, made_at)
VALUES (TRUE, %(private)s, %(public)s, %(now)s)
ON CONFLICT (one) DO NOTHING;

-- name: read_key
-- The pair that signs allowances.
SELECT private, public FROM checkout.allowance_key;

-- name: close
-- What a till was allowed for this account before: another takes its place.
UPDATE checkout.allowance SET closed_at = %(now)s
WHERE account_id = %(account)s AND store_id = %(store)s AND till = %(till)s AND closed_at IS NULL;

-- name: add
-- An allowance, with nothing of it used.
INSERT INTO checkout.allowance (
    id, account_id, store_id, till, points, step, worth_minor, max_percent, issued_at, valid_until
) VALUES (
    %(id)s, %(account)s, %(store)s, %(till)s, %(points)s, %(step)s, %(worth)s, %(percent)s,
    %(issued)s, %(until)s
);

-- name: other_tills
-- Other tills that may still spend under an allowance for this account, and when the first of
-- them may not. Its lock is held.
SELECT count(*), min(valid_until)
FROM checkout.allowance
WHERE
    account_id = %(account)s AND closed_at IS NULL AND used < points
    AND valid_until >= %(since)s AND (store_id, till) <> (%(store)s, %(till)s);

-- name: read
-- Allowances that receipts were made under. Who may use one holds its account's lock.
-- Of a till's allowances for an account the newest alone is open: its points stand for all of
-- them, so that asking again adds nothing to what the till may spend.
SELECT
    named.id, named.account_id, named.store_id, named.till, newest.points, newest.used, named.step,
    named.worth_minor, named.max_percent, named.issued_at,
    least(named.valid_until, newest.valid_until) AS valid_until, named.closed_at,
    newest.id AS counts_on
FROM checkout.allowance AS named
JOIN checkout.allowance AS newest
    ON
        newest.account_id = named.account_id AND newest.store_id = named.store_id
        AND newest.till = named.till AND newest.closed_at IS NULL
WHERE named.id = ANY(%b::uuid[]);

-- name: go_along
-- An account was joined to another: what tills may let it spend counts for that one, and what they
-- have let go under one that is closed. Where a till has an open allowance for both, the other
-- account's stands for the two.
UPDATE checkout.allowance AS mine SET
    account_id = %(target)s,
    closed_at = CASE WHEN mine.closed_at IS NOT NULL THEN mine.closed_at WHEN EXISTS (
        SELECT FROM checkout.allowance AS theirs
        WHERE theirs.account_id = %(target)s AND theirs.store_id = mine.store_id
            AND theirs.till = mine.till AND theirs.closed_at IS NULL
    ) THEN %(now)s::timestamptz END
WHERE mine.account_id = %(account)s;

-- name: use
-- Receipts have taken so many points of these.
UPDATE checkout.allowance SET used = allowance.used + taken.points
FROM unnest(%b::uuid[], %b::bigint[]) AS taken (id, points)
WHERE allowance.id = taken.id;
