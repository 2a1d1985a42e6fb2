-- access/signing: staff, factors, sessions, limits.

-- name: add_staff
-- Somebody is invited. An address that somebody of staff has already comes back as no row.
INSERT INTO access.staff
    (
        id, name, email, role, stores, created_at, created_by, expires_at, invitation, invited_until
    )
VALUES
    (
        %(id)s, %(name)s, %(email)s, %(role)s, %(stores)s, %(now)s, %(by)s, %(expires_at)s,
        %(invitation)s, %(invited_until)s
    )
ON CONFLICT (email) WHERE ended_at IS NULL DO NOTHING
RETURNING id;

-- name: list_staff
-- A page of staff, those who have ended too, in the order they came.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed
FROM access.staff
WHERE id > %(after)s
ORDER BY id
LIMIT %(page)s;

-- name: read_staff
-- One of staff, also when the time here has ended.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed
FROM access.staff
WHERE id = %(id)s;

-- name: lock_staff
-- One of staff, held until the change is done.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed
FROM access.staff
WHERE id = %(id)s
FOR UPDATE;

-- name: staff_named
-- The one at work who has this address.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed
FROM access.staff
WHERE email = %(email)s AND ended_at IS NULL;

-- name: change_staff
-- What one may and until when.
UPDATE access.staff
SET name = %(name)s, role = %(role)s, stores = %(stores)s, expires_at = %(expires_at)s
WHERE id = %(id)s;

-- name: end_staff
-- The first end stays. Whatever let this one in is forgotten.
UPDATE access.staff SET
    ended_at = coalesce(ended_at, %(now)s), invitation = NULL, invited_until = NULL,
    password = NULL, totp = NULL, totp_confirmed = false, sso_issuer = NULL, sso_subject = NULL
WHERE id = %(id)s;

-- name: somebody_in
-- Whether anybody of staff was ever let in: invited alone is not yet at work.
SELECT exists(
    SELECT 1 FROM access.staff AS s
    WHERE s.password IS NOT NULL OR s.sso_subject IS NOT NULL OR s.ended_at IS NOT NULL
);

-- name: somebody_known
-- Whether anybody of staff was ever so much as invited.
SELECT exists(SELECT 1 FROM access.staff);

-- name: found_alone
-- The first owner is made once.
SELECT pg_advisory_xact_lock(hashtextextended('access.founding', 0));

-- name: other_owners
-- Owners at work besides this one, so that there is always somebody who can let others in.
SELECT count(*) FROM (
    SELECT s.id FROM access.staff AS s
    WHERE
        s.role = 'owner' AND s.ended_at IS NULL AND s.id <> %(id)s
        AND (s.expires_at IS NULL OR s.expires_at > %(now)s)
    FOR UPDATE
) AS others;

-- name: invite
-- Begin anew: what let this one in until now does so no longer.
UPDATE access.staff SET
    invitation = %(invitation)s, invited_until = %(invited_until)s, password = NULL, totp = NULL,
    totp_confirmed = false, totp_step = 0, sso_issuer = NULL, sso_subject = NULL
WHERE id = %(id)s AND ended_at IS NULL;

-- name: invited
-- Whose invitation this is, held until it is used or not.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed, password, totp, totp_step
FROM access.staff
WHERE
    invitation = %(invitation)s AND invited_until > %(now)s AND ended_at IS NULL
    AND (expires_at IS NULL OR expires_at > %(now)s)
FOR UPDATE;

-- name: offer_app
-- A secret for the app, which counts once the app was shown to have it.
UPDATE access.staff SET totp = %(totp)s, totp_confirmed = false WHERE id = %(id)s;

-- name: enrol
-- The invitation is used: a password, and the app if it was shown to work.
UPDATE access.staff SET
    password = %(password)s, totp_confirmed = %(app)s, totp_step = %(step)s,
    totp = CASE WHEN %(app)s THEN totp END, invitation = NULL, invited_until = NULL
WHERE id = %(id)s;

-- name: secrets_named
-- What the factors of whoever has this address are checked against; one at work.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed, password, CASE WHEN totp_confirmed THEN totp END,
    totp_step
FROM access.staff
WHERE email = %(email)s AND ended_at IS NULL;

-- name: secrets_of
-- The same, of one who is known.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed, password, CASE WHEN totp_confirmed THEN totp END,
    totp_step
FROM access.staff
WHERE id = %(id)s AND ended_at IS NULL;

-- name: let_in
-- Whether there is anything yet by which this one comes in.
SELECT id FROM access.staff
WHERE id = %(id)s AND (password IS NOT NULL OR sso_subject IS NOT NULL);

-- name: rehash
-- The same password, hashed as dearly as is usual today.
UPDATE access.staff SET password = %(fresh)s WHERE id = %(id)s AND password = %(old)s;

-- name: use_step
-- A code of the app counts once: whoever comes second finds its step used.
UPDATE access.staff SET totp_step = %(step)s
WHERE id = %(id)s AND totp_step < %(step)s AND totp_confirmed
RETURNING id;

-- name: forget_recovery
-- The codes printed until now are no good any more.
DELETE FROM access.recovery_code WHERE staff_id = %(id)s;

-- name: add_recovery
-- Fresh codes, as marks.
INSERT INTO access.recovery_code (staff_id, mark)
SELECT %(id)s, m.mark FROM unnest(%(marks)s::bytea[]) AS m (mark);

-- name: count_recovery
-- How many codes are good still.
SELECT count(*) FROM access.recovery_code WHERE staff_id = %(id)s;

-- name: use_recovery
-- A code counts once.
DELETE FROM access.recovery_code WHERE staff_id = %(id)s AND mark = %(mark)s
RETURNING staff_id;

-- name: staff_of_provider
-- Whom a provider's subject is: known from before, or by an address that it has verified.
SELECT
    id, name, email, role, stores, created_at, expires_at, ended_at, invited_until,
    password IS NOT NULL, totp_confirmed
FROM access.staff
WHERE
    ended_at IS NULL
    AND (
        (sso_issuer = %(issuer)s AND sso_subject = %(subject)s)
        OR (sso_subject IS NULL AND email = %(email)s)
    )
ORDER BY sso_subject IS NULL
LIMIT 1
FOR UPDATE;

-- name: bind_provider
-- From now on the subject is known, whatever becomes of the address.
UPDATE access.staff SET sso_issuer = %(issuer)s, sso_subject = %(subject)s WHERE id = %(id)s;

-- name: open_session
-- Signed in. The token itself is not among the values.
INSERT INTO access.person_session
    (id, token_hash, kind, person_id, way, device, opened_at, seen_at, proved_at, contact)
VALUES
    (
        %(id)s, %(token_hash)s, %(kind)s, %(person)s, %(way)s, %(device)s, %(now)s, %(now)s,
        %(now)s, %(contact)s
    );

-- name: trim_sessions
-- One person's sessions: those that are over, and all but so many of the others, the oldest first.
DELETE FROM access.person_session AS gone
WHERE
    gone.person_id = %(person)s
    AND (
        gone.opened_at <= %(opened_by)s OR gone.seen_at <= %(seen_by)s
        OR gone.id IN (
            SELECT s.id FROM access.person_session AS s
            WHERE s.person_id = %(person)s
            ORDER BY s.opened_at DESC, s.id DESC OFFSET %(most)s
        )
    );

-- name: session_principal
-- Whose session this is, as that person may be signed in today.
SELECT
    s.id, s.kind, s.person_id, s.opened_at, s.seen_at, s.proved_at, t.name, t.role, t.stores,
    t.expires_at
FROM access.person_session AS s
LEFT JOIN access.staff AS t ON s.kind = 'staff' AND s.person_id = t.id
WHERE
    s.token_hash = %(token_hash)s
    AND s.opened_at > CASE s.kind
        WHEN 'staff' THEN %(staff_opened)s::timestamptz ELSE %(member_opened)s::timestamptz
    END
    AND s.seen_at > CASE s.kind
        WHEN 'staff' THEN %(staff_seen)s::timestamptz ELSE %(member_seen)s::timestamptz
    END
    AND (
        s.kind = 'member'
        OR (
            t.id IS NOT NULL AND t.ended_at IS NULL
            AND (t.expires_at IS NULL OR t.expires_at > %(now)s)
        )
    );

-- name: touch_session
-- It was used. Of several calls at once the first writes, the others find it done.
UPDATE access.person_session SET seen_at = %(now)s
WHERE
    id = (
        SELECT s.id FROM access.person_session AS s
        WHERE s.id = %(id)s AND s.seen_at <= %(stale)s
        FOR UPDATE SKIP LOCKED
    );

-- name: renew_session
-- Proved again to be the same person.
UPDATE access.person_session SET proved_at = %(now)s, seen_at = %(now)s
WHERE id = %(id)s AND person_id = %(person)s
RETURNING id;

-- name: list_sessions
-- One person's sessions that hold.
SELECT id, kind, person_id, way, device, opened_at, seen_at, proved_at
FROM access.person_session
WHERE person_id = %(person)s AND opened_at > %(opened_by)s AND seen_at > %(seen_by)s
ORDER BY opened_at, id;

-- name: end_session
-- One of one's own.
DELETE FROM access.person_session WHERE id = %(id)s AND person_id = %(person)s
RETURNING id;

-- name: end_sessions
-- All of somebody's.
DELETE FROM access.person_session WHERE person_id = %(person)s
RETURNING id;

-- name: end_sessions_by
-- What a phone or address let in, and all of which nobody knows what did: an earlier release's, and
-- what its passkeys let in.
DELETE FROM access.person_session
WHERE person_id = %(person)s AND (contact = %(contact)s OR contact IS NULL);

-- name: sweep_sessions
-- Sessions that began too long ago to hold, a page at a time.
WITH over AS MATERIALIZED (
    SELECT s.id FROM access.person_session AS s
    WHERE s.opened_at < %(opened_by)s
    ORDER BY s.opened_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)
DELETE FROM access.person_session USING over WHERE person_session.id = over.id;
