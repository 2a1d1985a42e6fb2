-- name: by_identity
-- Receipts that have one of these identities, whole.
SELECT receipt.* FROM unnest(
    %b::text[], %b::text[], %b::date[], %b::text[], %b::text[]
) AS asked (store_id, till, business_date, shift, number)
JOIN checkout.receipt USING (store_id, till, business_date, shift, number);

-- name: lock_sales
-- Sales that are being returned, one return at a time, in the order of ids.
SELECT id FROM checkout.receipt
WHERE id = ANY(%b::uuid[])
ORDER BY id
FOR NO KEY UPDATE;

-- name: returns_of
-- The returns of these sales so far, oldest first: the last one holds the state.
SELECT id, sale_id, story FROM checkout.receipt
WHERE sale_id = ANY(%b::uuid[])
ORDER BY sale_id, posted_at, id;

-- name: add_receipts
-- Facts: a sale or a return, once. `unnest` in the select list, here and wherever a till waits: in
-- FROM each array would first be copied into a store of its own, and here they are 24.
INSERT INTO checkout.receipt (
    id, kind, store_id, till, business_date, shift, number, account_id, member_id, sale_id,
    happened_at, local_at, posted_at, skewed, cashier_id, entry_mode, card_scan_offset,
    gross_minor, to_pay_minor, points_earned, points_spent, program_version, lines, story
)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::text[]),
    unnest(%b::date[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::uuid[]),
    unnest(%b::uuid[]), unnest(%b::uuid[]), unnest(%b::timestamptz[]), unnest(%b::timestamp[]),
    unnest(%b::timestamptz[]), unnest(%b::boolean[]), unnest(%b::text[]), unnest(%b::text[]),
    unnest(%b::integer[]), unnest(%b::bigint[]), unnest(%b::bigint[]), unnest(%b::bigint[]),
    unnest(%b::bigint[]), unnest(%b::integer[]), unnest(%b::bytea[]), unnest(%b::bytea[]);

-- name: quotes
-- Promises, locked: a quote ends once.
SELECT id, account_id, fingerprint, program_version, deadline, story, ended, store_id
FROM checkout.quote
WHERE id = ANY(%b::uuid[])
ORDER BY id
FOR NO KEY UPDATE;

-- name: quote_accounts
-- What never changes of promises, before anything is locked.
SELECT id, account_id, store_id, program_version FROM checkout.quote WHERE id = ANY(%b::uuid[]);

-- name: add_quotes
-- Promises that were given.
INSERT INTO checkout.quote (
    id, account_id, fingerprint, program_version, deadline, story, store_id
)
SELECT * FROM unnest(
    %b::uuid[], %b::uuid[], %b::bytea[], %b::integer[], %b::timestamptz[], %b::bytea[], %b::text[]
);

-- name: end_quotes
-- Promises that were kept, cancelled or overtaken.
UPDATE checkout.quote SET ended = new.ended
FROM unnest(%b::uuid[], %b::text[]) AS new (id, ended)
WHERE quote.id = new.id AND quote.ended IS NULL;

-- name: park
-- Returns that came before their sale.
INSERT INTO checkout.parked (
    outcome_id, store_id, till, business_date, shift, number, body, posted_at
)
SELECT * FROM unnest(
    %b::uuid[], %b::text[], %b::text[], %b::date[], %b::text[], %b::text[], %b::bytea[],
    %b::timestamptz[]
);

-- name: parked_of
-- Returns that wait for one of these sales.
SELECT parked.outcome_id, parked.body FROM unnest(
    %b::text[], %b::text[], %b::date[], %b::text[], %b::text[]
) AS asked (store_id, till, business_date, shift, number)
JOIN checkout.parked USING (store_id, till, business_date, shift, number)
WHERE parked.settled_at IS NULL
ORDER BY parked.outcome_id;

-- name: parked_ready
-- Waiting returns whose sale is there by now: the sweeper's finding.
SELECT parked.outcome_id, parked.body FROM checkout.parked
WHERE parked.settled_at IS NULL AND EXISTS (
    SELECT FROM checkout.receipt
    WHERE receipt.store_id = parked.store_id AND receipt.till = parked.till
        AND receipt.business_date = parked.business_date AND receipt.shift = parked.shift
        AND receipt.number = parked.number AND receipt.kind = 'sale'
)
ORDER BY parked.outcome_id
LIMIT 200;

-- name: claim_parked
-- Whoever settles a waiting return takes its row first.
SELECT outcome_id FROM checkout.parked
WHERE outcome_id = ANY(%b::uuid[]) AND settled_at IS NULL
ORDER BY outcome_id
FOR NO KEY UPDATE;

-- name: settle_parked
-- They have been settled, or refused for good.
UPDATE checkout.parked SET settled_at = %b, refused = closed.refused
FROM unnest(%b::uuid[], %b::text[]) AS closed (outcome_id, refused)
WHERE parked.outcome_id = closed.outcome_id;

-- name: parked_one
-- A return that came before its sale, by the id that was answered.
SELECT body, posted_at, settled_at, refused FROM checkout.parked WHERE outcome_id = %b;

-- name: parked_long
-- Returns that have waited since before an instant: the oldest of them, and how many they are.
SELECT outcome_id, store_id, till, business_date, shift, number, count(*) OVER ()
FROM checkout.parked
WHERE settled_at IS NULL AND posted_at < %b
ORDER BY posted_at, outcome_id
LIMIT %b;

-- name: one
-- A receipt by its id.
SELECT * FROM checkout.receipt WHERE id = %b;

-- name: history
-- The receipts of accounts, newest first, after the last one seen: each one's newest, then of all.
SELECT r.*
FROM unnest(%(accounts)s::uuid[]) AS asked (account_id)
CROSS JOIN LATERAL (
    SELECT h.* FROM checkout.receipt AS h
    WHERE h.account_id = asked.account_id
        AND (%(at)s::timestamptz IS NULL OR (h.happened_at, h.id) < (%(at)s, %(id)s))
    ORDER BY h.happened_at DESC, h.id DESC
    LIMIT %(most)s
) AS r
ORDER BY r.happened_at DESC, r.id DESC
LIMIT %(most)s;

-- name: spent_by
-- What members have spent from an account in sales posted since an instant, less what has come back
-- of these: whatever day a till says.
SELECT asked.n, coalesce(sum(sale.points_spent + back.points_spent), 0)::bigint
FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[]) WITH ORDINALITY
    AS asked (account_id, member_id, since, n)
LEFT JOIN checkout.receipt AS sale
    ON
        sale.account_id = asked.account_id AND sale.member_id = asked.member_id
        AND sale.posted_at >= asked.since AND sale.kind = 'sale' AND sale.points_spent > 0
LEFT JOIN LATERAL (
    SELECT coalesce(sum(r.points_spent), 0) AS points_spent
    FROM checkout.receipt AS r
    WHERE r.sale_id = sale.id
) AS back ON TRUE
GROUP BY asked.n;

-- name: active_since
-- Whether anything was posted for an account since an instant: also what moved no points.
SELECT
    EXISTS (
        SELECT FROM checkout.receipt
        WHERE account_id = %(account)s AND posted_at >= %(since)s
    )
    OR EXISTS (
        SELECT FROM checkout.event
        WHERE account_id = %(account)s AND posted_at >= %(since)s
    );

-- name: sale_lines
-- The lines of the sales that returns on a page name.
SELECT id, number, lines FROM checkout.receipt WHERE id = ANY(%b::uuid[]);
