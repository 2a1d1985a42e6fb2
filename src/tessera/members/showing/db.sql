-- name: owners_shown
-- Who these members are, for codes that a phone shows: whoever was merged or erased shows none. Of
-- somebody whose cards are all out of use the code is out of use too.
SELECT
    m.id, m.account_id,
    CASE
        WHEN cards.status IS NULL OR cards.works THEN 'active' ELSE cards.status
    END AS status,
    m.registered_at IS NOT NULL, m.favourites
FROM unnest(%b::uuid[]) AS asked (id)
JOIN members.member AS m ON asked.id = m.id
LEFT JOIN LATERAL (
    SELECT max(i.status) AS status, bool_or(i.status = 'active') AS works
    FROM members.identifier AS i
    WHERE i.member_id = m.id AND i.kind = 'card'
) AS cards ON TRUE
WHERE m.merged_into IS NULL AND m.erased_at IS NULL;

-- name: person_shown
-- What is needed to greet somebody whose code was scanned.
SELECT coalesce(p.given_name, ''), coalesce(p.family_name, ''), m.language
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE m.id = %(id)s;

-- name: phone_batches
-- Batches whose numbers are for phones and that are not used up, the oldest first.
SELECT b.id, b.prefix, b.first, b.count
FROM members.card_batch AS b
LEFT JOIN members.phone_card AS given ON b.id = given.batch_id
WHERE b.label = %(label)s AND coalesce(given.next, 0) < b.count
ORDER BY b.id
LIMIT 1;

-- name: take_serial
-- The next number of a batch, counted from 0: whoever comes at the same moment waits and has the
-- one after it.
INSERT INTO members.phone_card (batch_id, next) VALUES (%(batch)s, 1)
ON CONFLICT (batch_id) DO UPDATE SET next = phone_card.next + 1
RETURNING next - 1;

-- name: home
-- What the first page of a member says of the person: one row, by the number of a session's member.
SELECT
    m.account_id, coalesce(p.given_name, ''), coalesce(p.family_name, ''), m.language,
    m.inbox_read_at,
    (
        SELECT i.value
        FROM members.identifier AS i
        WHERE i.member_id = m.id AND i.kind = 'card' AND i.status = 'active'
        ORDER BY i.since DESC, i.value
        LIMIT 1
    )
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE m.id = %(id)s AND m.erased_at IS NULL AND m.merged_into IS NULL;

-- name: read_until
-- What was told up to then is read; the mark never goes back.
UPDATE members.member
SET inbox_read_at = greatest(coalesce(inbox_read_at, %(at)s), %(at)s)
WHERE id = %(id)s;
