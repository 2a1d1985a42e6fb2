-- members.finding: members by the beginnings of their names, and in the orders of lists. Ids only.

-- name: place
-- Where somebody stands among names. No row: nobody, or no longer.
SELECT members.folded(family_name), members.folded(given_name)
FROM members.person
WHERE member_id = %(id)s;

-- name: by_family
-- People whose names begin so, by family name, after a place there; not those who fit one of the
-- patterns before. The highest sign there is closes a range of beginnings.
SELECT p.member_id
FROM members.person AS p
WHERE
    (members.folded(p.family_name) COLLATE "C") >= %(family)s
    AND (members.folded(p.family_name) COLLATE "C") < %(family)s || chr(1114111)
    AND (members.folded(p.given_name) COLLATE "C") >= %(given)s
    AND (members.folded(p.given_name) COLLATE "C") < %(given)s || chr(1114111)
    AND (
        (members.folded(p.family_name) COLLATE "C"), (members.folded(p.given_name) COLLATE "C"),
        p.member_id
    ) > (%(last_family)s, %(last_given)s, %(last)s::uuid)
    AND NOT EXISTS (
        SELECT FROM unnest(%(families)s::text[], %(givens)s::text[]) AS b (family, given)
        WHERE starts_with(members.folded(p.family_name), b.family)
            AND starts_with(members.folded(p.given_name), b.given)
    )
ORDER BY
    (members.folded(p.family_name) COLLATE "C"), (members.folded(p.given_name) COLLATE "C"),
    p.member_id
LIMIT %(page)s;

-- name: by_given
-- The same by given name, for patterns that say nothing of the family name.
SELECT p.member_id
FROM members.person AS p
WHERE
    (members.folded(p.given_name) COLLATE "C") >= %(given)s
    AND (members.folded(p.given_name) COLLATE "C") < %(given)s || chr(1114111)
    AND (
        (members.folded(p.given_name) COLLATE "C"), (members.folded(p.family_name) COLLATE "C"),
        p.member_id
    ) > (%(last_given)s, %(last_family)s, %(last)s::uuid)
    AND NOT EXISTS (
        SELECT FROM unnest(%(families)s::text[], %(givens)s::text[]) AS b (family, given)
        WHERE starts_with(members.folded(p.family_name), b.family)
            AND starts_with(members.folded(p.given_name), b.given)
    )
ORDER BY
    (members.folded(p.given_name) COLLATE "C"), (members.folded(p.family_name) COLLATE "C"),
    p.member_id
LIMIT %(page)s;

-- name: newest
-- Members in the order in which they were first seen, the last one first; ids grow with time.
SELECT m.id
FROM members.member AS m
WHERE m.id < %(before)s::uuid AND m.merged_into IS NULL AND m.erased_at IS NULL
ORDER BY m.id DESC
LIMIT %(page)s;

-- name: joined
-- Registered members, whoever registered last first.
SELECT m.id
FROM members.member AS m
WHERE
    m.registered_at IS NOT NULL AND m.merged_into IS NULL AND m.erased_at IS NULL
    AND (m.registered_at, m.id) < (
        coalesce((SELECT l.registered_at FROM members.member AS l WHERE l.id = %(before)s::uuid),
                 'infinity'),
        %(before)s::uuid
    )
ORDER BY m.registered_at DESC, m.id DESC
LIMIT %(page)s;

-- name: unregistered
-- Cards that are used and that nobody has registered, the last one first.
SELECT m.id
FROM members.member AS m
WHERE
    m.registered_at IS NULL AND m.merged_into IS NULL AND m.erased_at IS NULL
    AND m.id < %(before)s::uuid
ORDER BY m.id DESC
LIMIT %(page)s;

-- name: blocked
-- Members who have a blocked card, the one first seen last first.
SELECT DISTINCT i.member_id
FROM members.identifier AS i
WHERE i.kind = 'card' AND i.status = 'blocked' AND i.member_id < %(before)s::uuid
ORDER BY i.member_id DESC
LIMIT %(page)s;

-- name: about
-- How many there are: as many as the index or the table was found to hold when it was last looked
-- at; below 0: never.
SELECT c.reltuples::bigint FROM pg_class AS c WHERE c.oid = %(of)s::regclass;

-- name: count_newest
-- How many members there are, up to a bound.
SELECT count(*) FROM (
    SELECT FROM members.member WHERE merged_into IS NULL AND erased_at IS NULL LIMIT %(most)s
) AS found;

-- name: count_joined
-- How many are registered, up to a bound.
SELECT count(*) FROM (
    SELECT FROM members.member
    WHERE registered_at IS NOT NULL AND merged_into IS NULL AND erased_at IS NULL
    LIMIT %(most)s
) AS found;

-- name: count_unregistered
-- How many are not registered, up to a bound.
SELECT count(*) FROM (
    SELECT FROM members.member
    WHERE registered_at IS NULL AND merged_into IS NULL AND erased_at IS NULL
    LIMIT %(most)s
) AS found;

-- name: count_blocked
-- How many cards are blocked, up to a bound.
SELECT count(*) FROM (
    SELECT FROM members.identifier WHERE kind = 'card' AND status = 'blocked' LIMIT %(most)s
) AS found;
