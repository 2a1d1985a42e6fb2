-- joining: who came how, what was said before the code came back, what is owed for it.

-- name: arrived
-- How a member came; once.
INSERT INTO members.joining (
    member_id, way, source, store_id, cost_minor, joined_at, joined_on, principal_id
)
VALUES (
    %(member)s, %(way)s, %(source)s, %(store)s, %(cost)s, %(now)s, %(joined_on)s, %(principal)s
);

-- name: joiners
-- Who came on each day from each campaign; days without anybody have no row.
SELECT j.joined_on, j.source, count(*), coalesce(sum(j.cost_minor), 0)::bigint
FROM members.joining AS j
WHERE j.joined_on >= %(first)s AND j.joined_on <= %(last)s
GROUP BY j.joined_on, j.source
ORDER BY j.joined_on, j.source;

-- name: apply
-- What was said, sealed, until the code comes back.
INSERT INTO members.application (challenge_id, sealed, expires_at)
VALUES (%(challenge)s, %(sealed)s, %(until)s);

-- name: take
-- The application of a challenge, taken away: a code proves it once.
DELETE FROM members.application WHERE challenge_id = %(challenge)s
RETURNING sealed;

-- name: drop_applications
-- Away with what nobody came back for.
DELETE FROM members.application WHERE expires_at < %(now)s;

-- name: drop_tries
-- Away with the tries of days that are over.
DELETE FROM members.claim_try WHERE day < %(day)s;

-- name: count_tries
-- Count a try at each of these, before it is judged; how many there were on this day.
INSERT INTO members.claim_try (what, day, tries)
SELECT what, %(day)s, 1 FROM unnest(%(what)s::bytea[]) AS asked (what)
ORDER BY what
ON CONFLICT (what, day) DO UPDATE SET tries = members.claim_try.tries + 1
RETURNING what, tries;

-- name: owe
-- An event that the house owes; its number is there at most once, for ever.
INSERT INTO members.posting (number, member_id, type, data, happened_at)
VALUES (%(number)s, %(member)s, %(type)s, %(data)s, %(happened_at)s)
ON CONFLICT (number) DO NOTHING
RETURNING number;

-- name: owed
-- What is still to be posted, oldest first.
SELECT p.number, p.member_id, p.type, p.data, p.happened_at
FROM members.posting AS p
WHERE p.settled_at IS NULL
ORDER BY p.happened_at, p.number
LIMIT %(most)s;

-- name: settled
-- It was posted, or can never be: `refused` says why.
UPDATE members.posting SET settled_at = %(now)s, refused = %(refused)s
WHERE number = %(number)s AND settled_at IS NULL;

-- name: verify
-- The member holds this phone or address: since when it is known.
UPDATE members.identifier SET verified_at = coalesce(verified_at, %(now)s)
WHERE kind = %(kind)s AND value = %(value)s AND member_id = %(member)s
RETURNING verified_at;

-- name: contacts
-- The member's phones and addresses, and since when each is proved.
SELECT i.kind, i.value, i.verified_at
FROM members.identifier AS i
WHERE i.member_id = %(member)s AND i.kind IN ('email', 'phone') AND i.status = 'active'
ORDER BY i.since, i.kind, i.value;

-- name: set_person
-- Names, birthday and language that the member, or staff, put right. No row: nobody registered.
WITH person AS (
    UPDATE members.person
    SET
        given_name = coalesce(%(given_name)s, given_name),
        family_name = coalesce(%(family_name)s, family_name),
        born_on = coalesce(%(born_on)s, born_on)
    WHERE member_id = %(member)s
    RETURNING member_id
)

UPDATE members.member AS m SET language = coalesce(%(language)s, m.language)
FROM person
WHERE m.id = person.member_id
RETURNING m.id;
