-- members: a person in full, and a person's end.

-- name: numbers
-- Every number a person goes by: the one that was asked for, what it was merged into, and all that
-- was merged into that; the one that counts today first. No row: nobody.
WITH RECURSIVE up AS (
    SELECT m.id, m.merged_into, 0 AS steps FROM members.member AS m WHERE m.id = %(id)s
    UNION ALL
    SELECT m.id, m.merged_into, up.steps + 1
    FROM up
    JOIN members.member AS m ON up.merged_into = m.id
),

top AS (
    SELECT up.id FROM up ORDER BY up.steps DESC LIMIT 1
),

down AS (
    SELECT top.id, 0 AS steps FROM top
    UNION ALL
    SELECT m.id, down.steps + 1
    FROM down
    JOIN members.member AS m ON down.id = m.merged_into
)

SELECT down.id FROM down ORDER BY down.steps, down.id;

-- name: hold
-- Holds these members still, in id order. Read after it, in statements of their own.
SELECT m.id FROM members.member AS m WHERE m.id = ANY(%(ids)s::uuid[])
ORDER BY m.id FOR NO KEY UPDATE;

-- name: erased
-- Since when the first of these to be erased is; null: none is.
SELECT min(m.erased_at) FROM members.member AS m WHERE m.id = ANY(%(ids)s::uuid[]);

-- name: accounts
-- Every account these members were ever on, the present first; and whether others are on it too:
-- a household's, which they are in (now) or were in.
SELECT
    a.id,
    count(home.id) > 0 AS shared,
    bool_or(a.present) AS present
FROM (
    SELECT m.account_id AS id, array_position(%(ids)s::uuid[], m.id) AS place, true AS present
    FROM members.member AS m
    WHERE m.id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT h.own_account_id, 1000000, false
    FROM members.household_member AS h
    WHERE h.member_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT g.account_id, 1000001, false
    FROM members.household_member AS h
    JOIN members.household AS g ON h.household_id = g.id
    WHERE h.member_id = ANY(%(ids)s::uuid[])
) AS a
LEFT JOIN members.household AS home ON a.id = home.account_id
GROUP BY a.id
ORDER BY min(a.place), a.id;

-- name: told
-- Everything about these members, under its headings. One row a heading; what is empty too.
SELECT 'member' AS heading, coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.id), '[]')::text AS told
FROM members.member AS m
WHERE m.id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT 'person', coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.member_id), '[]')::text
FROM members.person AS p
WHERE p.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT
    'identifiers',
    coalesce(jsonb_agg(to_jsonb(i) ORDER BY i.since, i.kind, i.value), '[]')::text
FROM members.identifier AS i
WHERE i.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT 'joining', coalesce(jsonb_agg(to_jsonb(j) ORDER BY j.joined_at, j.member_id), '[]')::text
FROM members.joining AS j
WHERE j.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT 'consents', coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]')::text
FROM members.consent AS c
WHERE c.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT 'choices', coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.id), '[]')::text
FROM members.choice AS c
WHERE c.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT
    'household',
    coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.joined_at, h.household_id), '[]')::text
FROM members.household_member AS h
WHERE h.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT 'invitations', coalesce(jsonb_agg(to_jsonb(v) ORDER BY v.id), '[]')::text
FROM members.household_invitation AS v
WHERE v.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT
    'posted_for_you',
    coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.happened_at, p.number), '[]')::text
FROM members.posting AS p
WHERE p.member_id = ANY(%(ids)s::uuid[]);

-- name: held
-- The identifiers of these members, in full: what else names them elsewhere.
SELECT i.kind, i.value
FROM members.identifier AS i
WHERE i.member_id = ANY(%(ids)s::uuid[])
ORDER BY i.kind, i.value;

-- name: names
-- What these members are called.
SELECT p.given_name, p.family_name FROM members.person AS p
WHERE p.member_id = ANY(%(ids)s::uuid[]);

-- name: forget_person
-- The person goes.
DELETE FROM members.person WHERE member_id = ANY(%(ids)s::uuid[]);

-- name: forget_verdicts
-- That somebody looked like another one goes.
DELETE FROM members.verdict
WHERE one = ANY(%(ids)s::uuid[]) OR other = ANY(%(ids)s::uuid[]);

-- name: forget_identifiers
-- Whatever named the member goes: cards too, so that no plastic leads to the books.
DELETE FROM members.identifier WHERE member_id = ANY(%(ids)s::uuid[]);

-- name: mark_erased
-- The number stays; choices and language go.
UPDATE members.member
SET
    erased_at = coalesce(erased_at, %(now)s), favourites = '{}', language = 'en', chosen = '{}',
    agreed = '{}'
WHERE id = ANY(%(ids)s::uuid[]);

-- name: forget_invitations
-- Nobody waits for an answer of whoever is gone.
UPDATE members.household_invitation SET ended_at = %(now)s, ending = 'withdrawn'
WHERE member_id = ANY(%(ids)s::uuid[]) AND ended_at IS NULL;

-- name: idle
-- Members who joined before a time and neither agreed to anything nor chose anything since; not
-- those who were merged into others, whose number is theirs too. A page after an id, in id order.
SELECT m.id
FROM members.member AS m
WHERE
    m.id > %(after)s
    AND m.erased_at IS NULL
    AND m.merged_into IS NULL
    AND m.registered_at <= %(since)s
    AND m.seen_at <= %(since)s
    AND NOT EXISTS (
        SELECT FROM members.consent AS c WHERE c.member_id = m.id AND c.at > %(since)s
    )
    AND NOT EXISTS (
        SELECT FROM members.choice AS c WHERE c.member_id = m.id AND c.at > %(since)s
    )
ORDER BY m.id
LIMIT %(page)s;
