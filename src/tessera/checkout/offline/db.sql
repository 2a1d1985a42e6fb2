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

-- name: read
-- Allowances that receipts were made under. Who may use one holds its account's lock.
SELECT
    id, account_id, store_id, till, points, used, step, worth_minor, max_percent, issued_at,
    valid_until, closed_at
FROM checkout.allowance
WHERE id = ANY(%b::uuid[]);

-- name: use
-- Receipts have taken so many points of these.
UPDATE checkout.allowance SET used = allowance.used + taken.points
FROM unnest(%b::uuid[], %b::bigint[]) AS taken (id, points)
WHERE allowance.id = taken.id;
