-- members.likeness: keys under which people are looked for, and pairs that wait for a verdict.

-- name: known
-- What is known of these people that comparing needs. One look-up each, as for owners.
SELECT k.member_id, k.given_name, k.family_name, k.born_on, k.attributes, k.kinds, k.numbers
FROM unnest(%b::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT
        p.member_id, p.given_name, p.family_name, p.born_on, p.attributes,
        coalesce(held.kinds, '{}') AS kinds, coalesce(held.numbers, '{}') AS numbers
    FROM members.person AS p
    CROSS JOIN LATERAL (
        SELECT
            array_agg(i.kind ORDER BY i.since, i.value) AS kinds,
            array_agg(i.value ORDER BY i.since, i.value) AS numbers
        FROM members.identifier AS i
        WHERE i.member_id = p.member_id AND i.status <> 'replaced'
    ) AS held
    WHERE p.member_id = asked.id
    OFFSET 0
) AS k;

-- name: everybody
-- The next ids of people, in their order.
SELECT member_id FROM members.person
WHERE member_id > %(after)s
ORDER BY member_id
LIMIT %(most)s;

-- name: unkeyed
-- The next people without keys, in the order of ids: written by the release before this one.
SELECT p.member_id FROM members.person AS p
WHERE
    p.member_id > %(after)s
    AND NOT EXISTS (SELECT 1 FROM members.likeness AS k WHERE k.member_id = p.member_id)
ORDER BY p.member_id
LIMIT %(most)s;

-- name: count_people
-- How many people there are.
SELECT count(*) FROM members.person;

-- name: drop_keys
-- Takes the keys of some people away.
DELETE FROM members.likeness WHERE member_id = ANY(%b::uuid[]);

-- name: put_keys
-- Notes people under their keys.
INSERT INTO members.likeness (key, member_id)
SELECT key, member_id FROM unnest(%b::integer[], %b::uuid[]) AS fresh (key, member_id);

-- name: sharing
-- Who shares keys with somebody, those who share most first. Each key is read so far and no
-- further, so that a frequent name costs what a rare one does.
SELECT found.member_id
FROM unnest(%(keys)s::integer[]) AS asked (key)
CROSS JOIN LATERAL (
    SELECT k.member_id FROM members.likeness AS k
    WHERE k.key = asked.key
    LIMIT %(each)s
) AS found
GROUP BY found.member_id
ORDER BY count(*) DESC, found.member_id
LIMIT %(most)s;

-- name: turn
-- One search at a time, until the connection ends. False: another one is going on.
SELECT pg_try_advisory_lock(hashtext('members.likely'));

-- name: put_likely
-- Pairs found by a search: new ones, and those nobody has judged anew. A person who was erased
-- meanwhile is in no pair; who was told to be different before a merge that was undone neither.
INSERT INTO members.likely AS l (id, one, other, group_id, weight, evidence, found_at)
SELECT found.id, found.one, found.other, found.group_id, found.weight, found.evidence, %b
FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::uuid[], %b::integer[], %b::text[]::jsonb[])
    AS found (id, one, other, group_id, weight, evidence)
INNER JOIN members.person AS a ON found.one = a.member_id
INNER JOIN members.person AS b ON found.other = b.member_id
WHERE NOT EXISTS (
    SELECT FROM members.verdict AS v WHERE v.one = found.one AND v.other = found.other
)
ORDER BY found.one, found.other
ON CONFLICT (one, other) DO UPDATE
SET
    group_id = excluded.group_id, weight = excluded.weight,
    evidence = excluded.evidence, found_at = excluded.found_at
WHERE l.verdict IS NULL;

-- name: drop_unfound
-- Pairs that nobody has judged and that the search which began then did not find again.
DELETE FROM members.likely WHERE verdict IS NULL AND found_at < %(began)s;

-- name: list_likely
-- Pairs that wait for a verdict, the surest first; after one of that weight and id.
SELECT id, one, other, group_id, weight, evidence, found_at, verdict, judged_at, reason
FROM members.likely
WHERE
    verdict IS NULL
    AND (
        weight < %(weight)s::bigint
        OR (weight = %(weight)s::bigint AND id > %(after)s)
    )
ORDER BY weight DESC, id
LIMIT %(most)s;

-- name: lock_likely
-- One pair, held still until its verdict is written.
SELECT id, one, other, group_id, weight, evidence, found_at, verdict, judged_at, reason
FROM members.likely
WHERE id = %(id)s
FOR NO KEY UPDATE;

-- name: judge
-- The verdict on a pair.
UPDATE members.likely
SET verdict = %(verdict)s, judged_at = %(now)s, judged_by = %(by)s, reason = %(reason)s
WHERE id = %(id)s;

-- name: keep_different
-- Two people, for ever; whatever becomes of the pair itself.
INSERT INTO members.verdict (one, other, judged_at)
SELECT one, other, %(now)s FROM members.likely WHERE id = %(id)s
ON CONFLICT DO NOTHING;

-- name: count_likely
-- Pairs that wait for a verdict, up to `most`.
SELECT count(*) FROM (
    SELECT 1 FROM members.likely WHERE verdict IS NULL LIMIT %(most)s
) AS found;
