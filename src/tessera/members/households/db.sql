-- members.households: households, who is in them, who is invited.

-- name: is_shared
-- Whether an account is a household's.
SELECT count(*) > 0 FROM members.household WHERE account_id = %s;

-- name: found
-- A household begins.
INSERT INTO members.household (id, account_id, founded_at) VALUES (%s, %s, %s);

-- name: hold
-- A household, held still while it changes. Read after it.
SELECT id FROM members.household WHERE id = %s FOR NO KEY UPDATE;

-- name: household
-- A household.
SELECT id, account_id, founded_at, ended_at FROM members.household WHERE id = %s;

-- name: inhabitants
-- Who is in it, the first to join first.
SELECT household_id, member_id, role, most_per_day, own_account_id, joining_id, joined_at
FROM members.household_member
WHERE household_id = %s AND left_at IS NULL
ORDER BY joined_at, member_id;

-- name: invited
-- Whose invitation is open.
SELECT
    id, household_id, member_id, role, most_per_day, invited_by, invited_at, expires_at, ending
FROM members.household_invitation
WHERE household_id = %(id)s AND ended_at IS NULL AND expires_at > %(now)s
ORDER BY invited_at, id;

-- name: of_member
-- The household a member is in.
SELECT household_id FROM members.household_member WHERE member_id = %s AND left_at IS NULL;

-- name: invitations_of
-- A member's open invitations.
SELECT
    id, household_id, member_id, role, most_per_day, invited_by, invited_at, expires_at, ending
FROM members.household_invitation
WHERE member_id = %(id)s AND ended_at IS NULL AND expires_at > %(now)s
ORDER BY invited_at, id;

-- name: limits
-- What members may spend on a day, of those in a household who have a limit.
SELECT member_id, most_per_day FROM members.household_member
WHERE member_id = ANY(%b::uuid[]) AND left_at IS NULL AND most_per_day IS NOT NULL;

-- name: numbers
-- Members, and all that were merged into them: {member: a number of the same person}.
WITH RECURSIVE down AS (
    SELECT asked.id AS member_id, asked.id FROM unnest(%b::uuid[]) AS asked (id)
    UNION
    SELECT down.member_id, m.id
    FROM down
    JOIN members.member AS m ON down.id = m.merged_into
)

SELECT member_id, id FROM down;

-- name: beside
-- Accounts beside one that is a person's or a household's: the own ones of those who are in the
-- household, and households that people of this account were in and have left since, under whatever
-- number, from when they came until they left.
WITH RECURSIVE who AS (
    SELECT m.id FROM members.member AS m
    WHERE m.account_id = %(account)s AND m.merged_into IS NULL
    UNION
    SELECT m.id
    FROM who
    JOIN members.member AS m ON who.id = m.merged_into
)

SELECT h.own_account_id, NULL::timestamptz, NULL::timestamptz
FROM who
JOIN members.household_member AS h ON who.id = h.member_id
WHERE h.left_at IS NULL
UNION ALL
SELECT g.account_id, h.joined_at, h.left_at
FROM who
JOIN members.household_member AS h ON who.id = h.member_id
JOIN members.household AS g ON h.household_id = g.id
WHERE h.left_at > %(since)s;

-- name: enter
-- A member is in a household, and has its account.
WITH entered AS (
    INSERT INTO members.household_member (
        household_id, member_id, role, most_per_day, own_account_id, joining_id, joined_at
    ) VALUES (
        %(household)s, %(member)s, %(role)s, %(most)s, %(own)s, %(joining)s, %(now)s
    )
)

UPDATE members.member SET account_id = %(account)s WHERE id = %(member)s;

-- name: leave
-- A member is in it no more, and has the own account again.
WITH gone AS (
    UPDATE members.household_member SET left_at = %(now)s, parting_id = %(parting)s
    WHERE household_id = %(household)s AND member_id = %(member)s AND left_at IS NULL
    RETURNING own_account_id
)

UPDATE members.member SET account_id = gone.own_account_id
FROM gone
WHERE id = %(member)s;

-- name: change
-- Another role, another limit.
UPDATE members.household_member SET role = %(role)s, most_per_day = %(most)s
WHERE household_id = %(household)s AND member_id = %(member)s AND left_at IS NULL;

-- name: end_it
-- Nobody is in it any more.
UPDATE members.household SET ended_at = %(now)s WHERE id = %(id)s;

-- name: withdraw
-- An invitation of the same member to the same household, open or over, makes room for another.
UPDATE members.household_invitation SET ended_at = %(now)s, ending = 'withdrawn'
WHERE household_id = %(household)s AND member_id = %(member)s AND ended_at IS NULL;

-- name: add_invitation
-- Somebody is invited.
INSERT INTO members.household_invitation (
    id, household_id, member_id, role, most_per_day, invited_by, invited_at, expires_at
) VALUES (%(id)s, %(household)s, %(member)s, %(role)s, %(most)s, %(by)s, %(now)s, %(until)s);

-- name: invitation
-- An invitation.
SELECT
    id, household_id, member_id, role, most_per_day, invited_by, invited_at, expires_at, ending
FROM members.household_invitation WHERE id = %s;

-- name: answer
-- What became of an invitation, once.
UPDATE members.household_invitation SET ended_at = %(now)s, ending = %(ending)s
WHERE id = %(id)s AND ended_at IS NULL;
