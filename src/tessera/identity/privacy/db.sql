-- identity/privacy: who was erased, who saw whom.

-- name: add_erasure
-- Once a member; the first stays.
INSERT INTO identity.erasure (id, member_id, asked_by, principal_id, reason, erased_at)
SELECT gone.id, gone.member_id, %(asked_by)s, %(principal)s, %(reason)s, %(now)s
FROM unnest(%(ids)s::uuid[], %(members)s::uuid[]) AS gone (id, member_id)
ORDER BY gone.member_id
ON CONFLICT DO NOTHING;

-- name: erasures
-- A page of the list of erasures, the first first; ids grow with time.
SELECT e.id, e.member_id, e.asked_by, e.principal_id, e.reason, e.erased_at
FROM identity.erasure AS e
WHERE %(after)s::uuid IS NULL OR e.id > %(after)s
ORDER BY e.id
LIMIT %(page)s;

-- name: add_sights
-- Somebody sees personal data of these.
INSERT INTO identity.sight
    (id, seen_at, member_id, principal_kind, principal_id, principal_name, fields, reason)
SELECT
    seen.id, %(now)s, seen.member_id, %(kind)s, %(principal)s, %(name)s, %(fields)s::text[],
    %(reason)s
FROM unnest(%(ids)s::uuid[], %(members)s::uuid[]) AS seen (id, member_id);

-- name: sights
-- Who saw personal data of these members, the newest first, below an id.
SELECT
    s.id, s.seen_at, s.member_id, s.principal_kind, s.principal_id, s.principal_name, s.fields,
    s.reason
FROM identity.sight AS s
WHERE s.member_id = ANY(%(ids)s::uuid[]) AND (%(before)s::uuid IS NULL OR s.id < %(before)s)
ORDER BY s.id DESC
LIMIT %(page)s;

-- name: forget_sights
-- Sights of long ago.
DELETE FROM identity.sight WHERE seen_at < %(before)s;

-- name: take_turn
-- One process looks after retention at a time.
SELECT pg_try_advisory_xact_lock(hashtext('identity.retention'));
