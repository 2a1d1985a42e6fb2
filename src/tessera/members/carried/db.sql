-- members: people who come from another program, many at a time.

-- name: owners
-- Who has each of these identifiers; one look-up each.
SELECT i.kind, i.value, i.member_id, i.account_id, i.status, i.registered
FROM unnest(%b::text[], %b::text[]) AS asked (kind, value)
CROSS JOIN LATERAL (
    SELECT
        h.kind, h.value, h.member_id, m.account_id, h.status,
        m.registered_at IS NOT NULL AS registered
    FROM members.identifier AS h
    JOIN members.member AS m ON h.member_id = m.id
    WHERE h.kind = asked.kind AND h.value = asked.value
    OFFSET 0
) AS i;

-- name: people
-- What is known of those who are registered.
SELECT p.id, p.given_name, p.family_name, p.born_on, p.attributes
FROM unnest(%b::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT
        m.id, coalesce(k.given_name, '') AS given_name, coalesce(k.family_name, '') AS family_name,
        k.born_on, coalesce(k.attributes, '{}') AS attributes
    FROM members.member AS m
    LEFT JOIN members.person AS k ON m.id = k.member_id
    WHERE m.id = asked.id AND m.registered_at IS NOT NULL
    OFFSET 0
) AS p;

-- name: add_members
-- New members, registered since they joined the other program.
INSERT INTO members.member (id, account_id, seen_at, registered_at, language)
SELECT n.id, n.account_id, n.joined_at, n.joined_at AS since, n.language
FROM unnest(%b::uuid[], %b::uuid[], %b::timestamptz[], %b::text[])
    AS n (id, account_id, joined_at, language)
ON CONFLICT (id) DO NOTHING;

-- name: register
-- Shadows about whom it is known now who they are.
UPDATE members.member
SET registered_at = n.joined_at, language = n.language
FROM unnest(%b::uuid[], %b::timestamptz[], %b::text[]) AS n (id, joined_at, language)
WHERE member.id = n.id AND member.registered_at IS NULL;

-- name: put_people
-- The personal data, all of it in this one table.
INSERT INTO members.person (member_id, given_name, family_name, born_on, attributes)
SELECT id, given_name, family_name, born_on, attributes::jsonb
FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::date[], %b::text[])
    AS n (id, given_name, family_name, born_on, attributes)
ON CONFLICT (member_id) DO UPDATE SET
    given_name = excluded.given_name, family_name = excluded.family_name,
    born_on = excluded.born_on, attributes = excluded.attributes;

-- name: add_joinings
-- How they came: from the other program, on the day on which they joined it, at no cost of ours.
INSERT INTO members.joining (member_id, way, source, cost_minor, joined_at, joined_on)
SELECT id, 'import', %b, 0, joined_at, joined_on
FROM unnest(%b::uuid[], %b::timestamptz[], %b::date[]) AS n (id, joined_at, joined_on)
ON CONFLICT (member_id) DO NOTHING;

-- name: add_names
-- Identifiers nobody had, in one order for everybody; told is how many.
WITH added AS (
    INSERT INTO members.identifier (kind, value, member_id, since, status, status_reason)
    SELECT kind, value, member_id, since, status, reason
    FROM unnest(
        %b::text[], %b::text[], %b::uuid[], %b::timestamptz[], %b::text[], %b::text[]
    ) AS n (kind, value, member_id, since, status, reason)
    ORDER BY kind COLLATE "C", value COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING 1
)

SELECT count(*) FROM added;

-- name: begin_member
-- Where a rehearsal writes down who would arrive; gone with the connection.
CREATE TEMP TABLE IF NOT EXISTS member (
    LIKE members.member INCLUDING DEFAULTS INCLUDING INDEXES
);

-- name: begin_person
-- Likewise.
CREATE TEMP TABLE IF NOT EXISTS person (
    LIKE members.person INCLUDING DEFAULTS INCLUDING INDEXES
);

-- name: begin_identifier
-- Likewise.
CREATE TEMP TABLE IF NOT EXISTS identifier (
    LIKE members.identifier INCLUDING DEFAULTS INCLUDING INDEXES
);

-- name: begin_joining
-- Likewise.
CREATE TEMP TABLE IF NOT EXISTS joining (
    LIKE members.joining INCLUDING DEFAULTS INCLUDING INDEXES
);
