-- members: people, what names them, and the numbers of cards.

-- name: owners
-- Who owns each of these identifiers; unknown ones have no row. One lookup each: the OFFSET keeps
-- the planner from reading whole tables, which it likes while they are young, and a prepared
-- statement would keep to that while they grow.
SELECT i.kind, i.value, i.member_id, i.account_id, i.status, i.registered, i.favourites
FROM unnest(%b::text[], %b::text[]) AS asked (kind, value)
CROSS JOIN LATERAL (
    SELECT
        h.kind, h.value, h.member_id, m.account_id, h.status,
        m.registered_at IS NOT NULL AS registered, m.favourites
    FROM members.identifier AS h
    JOIN members.member AS m ON h.member_id = m.id
    WHERE h.kind = asked.kind AND h.value = asked.value
    OFFSET 0
) AS i;

-- name: add_identifiers
-- Identifiers nobody had, and members for them where the member is not there yet. Everybody inserts
-- in the same order, so two batches never wait in a ring; what another transaction adds at the same
-- time is waited for, then left alone, and no member is made for it. Rows: what was added to whom.
WITH asked AS (
    SELECT kind, value, member_id, account_id
    FROM unnest(%b::text[], %b::text[], %b::uuid[], %b::uuid[])
        AS a (kind, value, member_id, account_id)
),

added AS (
    INSERT INTO members.identifier (kind, value, member_id, since)
    SELECT kind, value, member_id, %b
    FROM asked
    ORDER BY kind COLLATE "C", value COLLATE "C"
    ON CONFLICT DO NOTHING
    RETURNING kind, value, member_id
),

born AS (
    INSERT INTO members.member (id, account_id, seen_at)
    SELECT DISTINCT asked.member_id, asked.account_id, %b
    FROM added
    JOIN asked USING (kind, value, member_id)
    ORDER BY asked.member_id
    ON CONFLICT (id) DO NOTHING
)

SELECT kind, value, member_id FROM added;

-- name: drop_identifiers
-- Takes back what this very transaction added, when it could not have all of it.
DELETE FROM members.identifier AS i
USING unnest(%b::text[], %b::text[]) AS mine (kind, value)
WHERE i.kind = mine.kind AND i.value = mine.value AND i.member_id = %b;

-- name: drop_member
-- Takes back a member that this very transaction added.
DELETE FROM members.member WHERE id = %(id)s;

-- name: lock_members
-- Holds members still, in id order, while their identifiers are decided on. Read after it, in a
-- statement of its own: a lock and a read in one see different moments.
SELECT id FROM members.member WHERE id = ANY(%b::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: set_registered
-- A shadow (or a member made a statement ago) becomes registered; the account stays, and so do
-- favourites where none are named.
UPDATE members.member
SET
    registered_at = %(now)s, language = %(language)s,
    favourites = coalesce(nullif(%(favourites)s::text[], '{}'), favourites)
WHERE id = %(id)s AND registered_at IS NULL
RETURNING account_id;

-- name: put_person
-- The personal data of a member, all of it in this one table.
INSERT INTO members.person (member_id, given_name, family_name, born_on, attributes)
VALUES (%(id)s, %(given_name)s, %(family_name)s, %(born_on)s, %(attributes)s);

-- name: set_attributes
-- What is known of a person: some of it anew, some of it no longer. No row: nobody registered.
UPDATE members.person SET attributes = (attributes || %(known)s) - %(gone)s::text[]
WHERE member_id = %(id)s
RETURNING member_id;

-- name: set_favourites
-- What a member has chosen in advance, in the place of what was chosen before.
UPDATE members.member SET favourites = %(favourites)s WHERE id = %(id)s;

-- name: people
-- What programs ask of these members, at most one row each. The OFFSET keeps it a look-up each.
SELECT
    m.id, m.registered_at, m.language, m.given_name, m.born_on, m.attributes, m.family_name,
    m.chosen, m.agreed
FROM unnest(%b::uuid[]) AS asked (id)
CROSS JOIN LATERAL (
    SELECT
        a.id, a.registered_at, a.language, coalesce(p.given_name, '') AS given_name, p.born_on,
        coalesce(p.attributes, '{}') AS attributes,
        coalesce(p.family_name, '') AS family_name, a.chosen, a.agreed
    FROM members.member AS a
    LEFT JOIN members.person AS p ON a.id = p.member_id
    WHERE a.id = asked.id
    OFFSET 0
) AS m;

-- name: set_status
-- Block, unblock, replace. A replaced card stays replaced.
UPDATE members.identifier SET status = %(status)s, status_reason = %(reason)s
WHERE kind = 'card' AND value = %(number)s AND status <> 'replaced'
RETURNING member_id;

-- name: find
-- One lookup by any identifier: the member and what is needed to greet.
SELECT
    i.member_id, m.account_id, i.status, m.registered_at IS NOT NULL, i.status_reason,
    coalesce(p.given_name, ''), coalesce(p.family_name, ''), m.language
FROM members.identifier AS i
JOIN members.member AS m ON i.member_id = m.id
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE i.kind = %(kind)s AND i.value = %(value)s;

-- name: list_members
-- A page of members in the order they were first seen (ids grow with time).
SELECT
    m.id, m.account_id, m.seen_at, CASE WHEN m.erased_at IS NULL THEN m.registered_at END,
    m.language, coalesce(p.given_name, ''), coalesce(p.family_name, ''), p.born_on,
    coalesce(p.attributes, '{}'), m.favourites, m.erased_at
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE m.id > %(after)s AND m.merged_into IS NULL
ORDER BY m.id
LIMIT %(page)s;

-- name: read_member
-- One member; an old id leads to the one whom its member was merged into.
WITH RECURSIVE up AS (
    SELECT id, merged_into FROM members.member WHERE id = %(id)s
    UNION
    SELECT next.id, next.merged_into
    FROM up
    JOIN members.member AS next ON up.merged_into = next.id
)

SELECT
    m.id, m.account_id, m.seen_at, CASE WHEN m.erased_at IS NULL THEN m.registered_at END,
    m.language, coalesce(p.given_name, ''), coalesce(p.family_name, ''), p.born_on,
    coalesce(p.attributes, '{}'), m.favourites, m.erased_at
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE m.id = (SELECT id FROM up WHERE merged_into IS NULL);

-- name: some_members
-- These members, whatever became of them.
SELECT
    m.id, m.account_id, m.seen_at, CASE WHEN m.erased_at IS NULL THEN m.registered_at END,
    m.language, coalesce(p.given_name, ''), coalesce(p.family_name, ''), p.born_on,
    coalesce(p.attributes, '{}'), m.favourites, m.erased_at
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE m.id = ANY(%b::uuid[]);

-- name: held
-- All identifiers of some members, oldest first.
SELECT member_id, kind, value, status, status_reason, since, verified_at
FROM members.identifier
WHERE member_id = ANY(%b::uuid[])
ORDER BY since, kind, value;

-- name: lock_issue
-- One issue of cards at a time; reading goes on.
LOCK TABLE members.card_batch IN SHARE ROW EXCLUSIVE MODE;

-- name: add_batch
-- A run of numbers is one row, however long it is.
INSERT INTO members.card_batch (id, label, prefix, first, count, issued_at)
VALUES (%(id)s, %(label)s, %(prefix)s, %(first)s, %(count)s, %(issued_at)s);

-- name: batches
-- Every batch: a shop has dozens.
SELECT id, label, prefix, first, count, issued_at FROM members.card_batch ORDER BY id;

-- name: list_batches
-- A page of batches in the order they were issued (ids grow with time).
SELECT id, label, prefix, first, count, issued_at
FROM members.card_batch
WHERE id > %(after)s
ORDER BY id
LIMIT %(page)s;

-- name: read_batch
-- One batch.
SELECT id, label, prefix, first, count, issued_at FROM members.card_batch WHERE id = %(id)s;

-- name: account_registered
-- Whether somebody who has this account is registered and there; no row if nobody has it.
SELECT bool_or(registered_at IS NOT NULL AND erased_at IS NULL)
FROM members.member
WHERE account_id = %(account)s
HAVING count(*) > 0;
