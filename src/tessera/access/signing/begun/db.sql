-- access/signing/begun: passkeys, and what was begun in a browser.

-- name: add_passkey
-- A device's key, let in by what let in the session that adds it, which is held still. One that is
-- known already comes back as no row, and so does one of a session that has ended.
INSERT INTO access.passkey
    (credential_id, id, kind, person_id, public_key, sign_count, name, created_at, contact)
SELECT
    %(credential_id)s, %(id)s, %(kind)s, %(person)s, %(public_key)s, %(sign_count)s, %(name)s,
    %(now)s, s.contact
FROM access.person_session AS s
WHERE s.id = %(session)s
FOR KEY SHARE
ON CONFLICT DO NOTHING
RETURNING id;

-- name: find_passkey
-- The key of a credential, held until its count is written.
SELECT credential_id, id, kind, person_id, public_key, sign_count, name, created_at, used_at,
    contact
FROM access.passkey
WHERE credential_id = %(credential_id)s
FOR UPDATE;

-- name: used_passkey
-- It signed.
UPDATE access.passkey SET sign_count = %(sign_count)s, used_at = %(now)s WHERE id = %(id)s;

-- name: list_passkeys
-- One person's.
SELECT credential_id, id, kind, person_id, public_key, sign_count, name, created_at, used_at,
    contact
FROM access.passkey
WHERE person_id = %(person)s
ORDER BY id;

-- name: drop_passkey
-- One of one's own.
DELETE FROM access.passkey WHERE id = %(id)s AND person_id = %(person)s
RETURNING id;

-- name: drop_passkeys
-- All of somebody's.
DELETE FROM access.passkey WHERE person_id = %(person)s;

-- name: move_passkeys
-- All of somebody's are another one's; which they are.
UPDATE access.passkey SET person_id = %(target)s WHERE person_id = %(person)s RETURNING id;

-- name: give_passkeys
-- These go to another one, those that are still there.
UPDATE access.passkey SET person_id = %(target)s
WHERE person_id = %(person)s AND id = ANY(%(ids)s::uuid[]);

-- name: drop_passkeys_since
-- What somebody added from a time on.
DELETE FROM access.passkey WHERE person_id = %(person)s AND created_at >= %(since)s;

-- name: drop_passkeys_by
-- What was added by whom a phone or address let in; of an earlier release's, all since it was
-- the person's.
DELETE FROM access.passkey
WHERE
    person_id = %(person)s
    AND (contact = %(contact)s OR (contact IS NULL AND created_at >= %(since)s));

-- name: begin_ceremony
-- What must come back, sealed.
INSERT INTO access.ceremony (id, kind, sealed, expires_at)
VALUES (%(id)s, %(kind)s, %(sealed)s, %(expires_at)s);

-- name: end_ceremony
-- It comes back once; whoever comes second finds nothing.
DELETE FROM access.ceremony WHERE id = %(id)s AND kind = %(kind)s
RETURNING sealed, expires_at;

-- name: sweep
-- Ceremonies that are over, a page at a time.
WITH over AS MATERIALIZED (
    SELECT c.id FROM access.ceremony AS c
    WHERE c.expires_at < %(now)s
    ORDER BY c.expires_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)
DELETE FROM access.ceremony USING over WHERE ceremony.id = over.id;
