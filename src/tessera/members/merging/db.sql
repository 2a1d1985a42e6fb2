-- members.merging: members who are the same person.

-- name: resolve
-- Where ids lead: {id asked for: the member it is known as}.
WITH RECURSIVE up AS (
    SELECT id AS asked, id, merged_into FROM members.member WHERE id = ANY(%b::uuid[])
    UNION
    SELECT up.asked, next.id, next.merged_into
    FROM up
    JOIN members.member AS next ON up.merged_into = next.id
)

SELECT asked, id FROM up WHERE merged_into IS NULL;

-- name: standings
-- Members with what is known of them; they are locked.
SELECT
    m.id, m.account_id, m.merged_into, m.erased_at IS NOT NULL, h.household_id, m.registered_at,
    m.language, m.favourites, m.chosen, p.member_id IS NOT NULL, coalesce(p.given_name, ''),
    coalesce(p.family_name, ''), p.born_on, coalesce(p.attributes, '{}'), coalesce(p.nickname, '')
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
LEFT JOIN members.household_member AS h ON m.id = h.member_id AND h.left_at IS NULL
WHERE m.id = ANY(%b::uuid[]);

-- name: move_all
-- Whatever names a member names another from now on.
UPDATE members.identifier SET member_id = %(target)s
WHERE member_id = %(member)s
RETURNING kind, value, since;

-- name: held
-- What names a member now, why it has its status, and since when it is there.
SELECT kind, value, status_reason, since FROM members.identifier WHERE member_id = %s;

-- name: move
-- These go to another member.
UPDATE members.identifier AS i SET member_id = %(target)s
FROM unnest(%(kinds)s::text[], %(values)s::text[]) AS mine (kind, value)
WHERE i.kind = mine.kind AND i.value = mine.value AND i.member_id = %(member)s;

-- name: paint
-- A member as told.
UPDATE members.member
SET registered_at = %(registered_at)s, language = %(language)s, favourites = %(favourites)s,
    chosen = %(chosen)s
WHERE id = %(id)s;

-- name: put_person
-- Personal data as told.
INSERT INTO members.person AS p (
    member_id, given_name, family_name, born_on, attributes, nickname
)
VALUES (
    %(id)s, %(given_name)s, %(family_name)s, %(born_on)s, %(attributes)s, %(nickname)s
)
ON CONFLICT (member_id) DO UPDATE SET
    given_name = excluded.given_name, family_name = excluded.family_name,
    born_on = excluded.born_on, attributes = excluded.attributes, nickname = excluded.nickname;

-- name: drop_person
-- Personal data that lies sealed, or with the one it was merged into.
DELETE FROM members.person WHERE member_id = %(id)s;

-- name: lead
-- Where this id leads from now on; NULL: it is its own again.
UPDATE members.member SET merged_into = %(target)s WHERE id = %(id)s;
