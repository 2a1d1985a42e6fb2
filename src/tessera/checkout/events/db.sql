-- name: known
-- Events that were told under these names before. One look-up each.
SELECT e.source, e.number, e.id, e.posted_at
FROM unnest(%b::text[], %b::text[]) AS asked (source, number)
CROSS JOIN LATERAL (
    SELECT k.source, k.number, k.id, k.posted_at
    FROM checkout.event AS k
    WHERE k.source = asked.source AND k.number = asked.number
    OFFSET 0
) AS e;

-- name: meant
-- What events name by number or id: the newest such receipt or event of their account, where the
-- number is asked for in a store only of that store; with it, the returns of the receipt.
SELECT asked.account_id, asked.word, newest.number,
    newest.id || array(SELECT back.id FROM checkout.receipt AS back WHERE back.sale_id = newest.id)
FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS asked (account_id, word, store_id)
CROSS JOIN LATERAL (
    SELECT r.id, r.number, r.happened_at
    FROM checkout.receipt AS r
    WHERE r.account_id = asked.account_id AND r.kind = 'sale' AND (
        r.id::text = lower(asked.word)
        OR (r.number = asked.word AND asked.store_id IN ('', r.store_id))
    )
    UNION ALL
    SELECT e.id, e.number, e.happened_at
    FROM checkout.event AS e
    WHERE e.account_id = asked.account_id AND e.number = asked.word
        AND asked.store_id IN ('', e.store_id)
    ORDER BY happened_at DESC, id DESC
    LIMIT 1
) AS newest;

-- name: kept
-- What events name by number or id: the newest such receipt of their account, where the number is
-- asked for in a store only of that store; whether nothing of it has come back, when it was bought,
-- and the rules that have given for it.
SELECT
    asked.account_id, asked.word, newest.id, newest.whole, newest.happened_at,
    array(SELECT p.rule FROM checkout.order_prize AS p WHERE p.sale_id = newest.id)
FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS asked (account_id, word, store_id)
CROSS JOIN LATERAL (
    SELECT
        r.id, r.happened_at, NOT EXISTS (
            SELECT FROM checkout.receipt AS back WHERE back.sale_id = r.id
        ) AS whole
    FROM checkout.receipt AS r
    WHERE r.account_id = asked.account_id AND r.kind = 'sale' AND (
        r.id::text = lower(asked.word)
        OR (r.number = asked.word AND asked.store_id IN ('', r.store_id))
    )
    ORDER BY r.happened_at DESC, r.id DESC
    LIMIT 1
) AS newest;

-- name: add_prizes
-- These orders had the prize of these rules.
INSERT INTO checkout.order_prize (sale_id, rule, event_id)
SELECT unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::uuid[]);

-- name: heard
-- Events of an account since an instant, in a store or in none, of kinds that points wait for.
SELECT asked.n, e.type, e.story
FROM unnest(%b::uuid[], %b::text[], %b::timestamptz[]) WITH ORDINALITY
    AS asked (account_id, store_id, since, n)
CROSS JOIN LATERAL (
    SELECT k.type, k.story
    FROM checkout.event AS k
    WHERE k.account_id = asked.account_id AND k.happened_at >= asked.since
        AND k.store_id IN ('', asked.store_id) AND k.type = ANY(%b::text[])
    OFFSET 0
) AS e;

-- name: add_events
-- Facts: an event, once.
INSERT INTO checkout.event (
    id, source, number, type, store_id, account_id, member_id, happened_at, local_at, posted_at,
    points_earned, program_version, story
)
SELECT * FROM unnest(
    %b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::uuid[], %b::uuid[],
    %b::timestamptz[], %b::timestamp[], %b::timestamptz[], %b::bigint[], %b::integer[], %b::bytea[]
);

-- name: one
-- An event by its id.
SELECT
    id, source, number, type, store_id, account_id, member_id, happened_at, local_at, posted_at,
    points_earned, program_version, story
FROM checkout.event WHERE id = %b;

-- name: page
-- The events of accounts, newest first, after the last one seen: each one's newest, then of all.
SELECT
    e.id, e.source, e.number, e.type, e.store_id, e.account_id, e.member_id, e.happened_at,
    e.local_at, e.posted_at, e.points_earned, e.program_version, e.story
FROM unnest(%(accounts)s::uuid[]) AS asked (account_id)
CROSS JOIN LATERAL (
    SELECT h.* FROM checkout.event AS h
    WHERE h.account_id = asked.account_id
        AND (%(at)s::timestamptz IS NULL OR (h.happened_at, h.id) < (%(at)s, %(id)s))
    ORDER BY h.happened_at DESC, h.id DESC
    LIMIT %(most)s
) AS e
ORDER BY e.happened_at DESC, e.id DESC
LIMIT %(most)s;
