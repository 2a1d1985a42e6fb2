-- access: keys of the API, the sessions opened and the writing calls made with them.

-- name: add_key
-- A fresh key. Its token is not among the values, only the token's SHA-256.
INSERT INTO access.api_key
    (id, name, role, store_id, token_hash, rate_per_s, created_at, expires_at)
VALUES
    (
        %(id)s, %(name)s, %(role)s, %(store)s, %(token_hash)s, %(rate_per_s)s, %(now)s,
        %(expires_at)s
    );

-- name: find_principal
-- Who holds this token now; a revoked or expired key is nobody's.
SELECT id, name, role, store_id, rate_per_s, expires_at
FROM access.api_key
WHERE
    token_hash = %(token_hash)s
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > %(now)s);

-- name: list_keys
-- A page of keys, revoked ones too, in the order they were issued (ids grow with time).
SELECT id, name, role, store_id, rate_per_s, created_at, expires_at, revoked_at
FROM access.api_key
WHERE id > %(after)s
ORDER BY id
LIMIT %(page)s;

-- name: revoke_key
-- The first revocation stays; asking again changes nothing and answers the same.
UPDATE access.api_key SET revoked_at = coalesce(revoked_at, %(now)s)
WHERE id = %(id)s
RETURNING id, name, role, store_id, rate_per_s, created_at, expires_at, revoked_at;

-- name: open_session
-- Signed in. The cookie itself is not among the values, only its SHA-256.
INSERT INTO access.session (id_hash, key_id, opened_at, seen_at)
VALUES (%(id_hash)s, %(key)s, %(now)s, %(now)s);

-- name: forget_sessions
-- Those that are over, and of the others all but the last seen. A row that somebody touches or
-- forgets just now is left to the next sign-in, so nobody waits here and no two wait in a ring.
WITH over AS MATERIALIZED (
    SELECT s.id_hash
    FROM access.session AS s
    WHERE
        s.opened_at <= %(opened_by)s
        OR s.seen_at <= %(seen_by)s
        OR s.id_hash IN (
            SELECT q.id_hash FROM access.session AS q
            ORDER BY q.seen_at DESC, q.opened_at DESC OFFSET %(most)s
        )
    FOR UPDATE SKIP LOCKED
)
DELETE FROM access.session USING over WHERE session.id_hash = over.id_hash;

-- name: session_principal
-- Who opened this session and still may: a revoked or expired key has ended its sessions.
SELECT k.id, k.name, k.role, k.store_id, k.rate_per_s, k.expires_at, s.seen_at
FROM access.session AS s
JOIN access.api_key AS k ON s.key_id = k.id
WHERE
    s.id_hash = %(id_hash)s
    AND s.opened_at > %(opened_by)s
    AND s.seen_at > %(seen_by)s
    AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > %(now)s);

-- name: touch_session
-- A page was seen. Of several pages at once the first one writes, the others find it done.
UPDATE access.session SET seen_at = %(now)s
WHERE id_hash = %(id_hash)s AND seen_at <= %(touched_by)s;

-- name: close_session
-- Signed out, in every process at once.
DELETE FROM access.session WHERE id_hash = %(id_hash)s;

-- name: claim
-- Takes keys for writing calls. Everybody inserts in the same order, so two batches never wait in a
-- ring; whoever comes second waits for the first to end, and gets no row if it committed.
INSERT INTO access.request (principal_id, key, operation, fingerprint, outcome_id, posted_at)
SELECT c.principal_id, c.key, c.operation, c.fingerprint, c.outcome_id, c.posted_at
FROM
    unnest(%b::uuid[], %b::text[], %b::text[], %b::bytea[], %b::uuid[], %b::timestamptz[])
    AS c (principal_id, key, operation, fingerprint, outcome_id, posted_at)
ORDER BY c.principal_id, c.key COLLATE "C"
ON CONFLICT DO NOTHING
RETURNING principal_id, key;

-- name: known
-- The calls that used these keys, with the bytes of their answers while these are kept.
-- The OFFSET keeps the lookup a lookup: on young tables a join would be planned as a full scan, and
-- a prepared statement keeps its plan.
SELECT
    r.principal_id, r.key, r.operation, r.fingerprint, r.outcome_id, r.posted_at, a.status, a.body
FROM unnest(%b::uuid[], %b::text[]) AS asked (principal_id, key)
CROSS JOIN LATERAL (
    SELECT *
    FROM access.request AS q
    WHERE q.principal_id = asked.principal_id AND q.key = asked.key
    OFFSET 0
) AS r
LEFT JOIN access.answer AS a
    ON r.outcome_id = a.outcome_id AND a.day = (r.posted_at AT TIME ZONE 'UTC')::date;

-- name: save_answers
-- The bytes of the answers, beside their calls, in the partition of their day.
INSERT INTO access.answer (day, outcome_id, status, body)
SELECT s.day, s.outcome_id, s.status, s.body
FROM
    unnest(%b::date[], %b::uuid[], %b::smallint[], %b::bytea[])
    AS s (day, outcome_id, status, body);

-- name: prepare_days
-- Partitions for the week to come, away with those past keeping; true when all of it was done.
SELECT access.prepare_days(%(today)s);

-- name: unclaim
-- A refused call leaves no trace: its key is free for the corrected one.
DELETE FROM access.request
USING unnest(%b::uuid[], %b::text[]) AS gone (principal_id, key)
WHERE request.principal_id = gone.principal_id AND request.key = gone.key;
