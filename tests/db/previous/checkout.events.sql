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
-- An account's events, newest first, after the last one seen.
SELECT
    id, source, number, type, store_id, account_id, member_id, happened_at, local_at, posted_at,
    points_earned, program_version, story
FROM checkout.event
WHERE account_id = %(account)s
    AND (%(at)s::timestamptz IS NULL OR (happened_at, id) < (%(at)s, %(id)s))
ORDER BY happened_at DESC, id DESC
LIMIT %(most)s;
