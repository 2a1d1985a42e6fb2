-- access: keys of the API, the sessions opened and the writing calls made with them.

-- name: add_key
-- A fresh key. Its token is not among the values, only the token's SHA-256. An owner's key that is
-- limited in nothing, and a till's of one store, are written as the release before writes them.
INSERT INTO access.api_key
    (
        id, name, role, store_id, stores, token_hash, rate_per_s, created_at, expires_at,
        operations, networks, mint_per_day, issued_by
    )
VALUES
    (
        %(id)s, %(name)s, %(role)s, %(store)s, %(stores)s, %(token_hash)s, %(rate_per_s)s, %(now)s,
        %(expires_at)s, %(operations)s, %(networks)s, %(mint_per_day)s, %(issued_by)s
    );

-- name: find_principal
-- Who holds this token now; a revoked or expired key is nobody's. After a rotation the token before
-- works until its overlap is over.
SELECT
    id, name, role, store_id, stores, rate_per_s, expires_at, operations, networks, mint_per_day,
    issued_by, last_used_at
FROM access.api_key
WHERE
    (token_hash = %(token_hash)s OR (old_token_hash = %(token_hash)s AND old_until > %(now)s))
    AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > %(now)s);

-- name: key_used
-- Written down once in an hour; whoever has the row just now writes it anyway, or the next call.
UPDATE access.api_key SET last_used_at = %(now)s
WHERE
    id = (
        SELECT k.id FROM access.api_key AS k
        WHERE k.id = %(id)s AND (k.last_used_at IS NULL OR k.last_used_at <= %(stale)s)
        FOR UPDATE SKIP LOCKED
    );

-- name: list_keys
-- A page of keys, revoked ones too, in the order they were issued (ids grow with time).
SELECT
    id, name, role, store_id, stores, rate_per_s, created_at, expires_at, revoked_at, operations,
    networks, mint_per_day, issued_by, last_used_at, rotated_at, old_until
FROM access.api_key
WHERE id > %(after)s
ORDER BY id
LIMIT %(page)s;

-- name: keys_issued_by
-- Keys of one person's that still work, the oldest first.
SELECT
    id, name, role, store_id, stores, rate_per_s, created_at, expires_at, revoked_at, operations,
    networks, mint_per_day, issued_by, last_used_at, rotated_at, old_until
FROM access.api_key
WHERE
    issued_by = %(person)s AND revoked_at IS NULL
    AND (expires_at IS NULL OR expires_at > %(now)s)
ORDER BY id;

-- name: read_key
-- One key, revoked ones too.
SELECT
    id, name, role, store_id, stores, rate_per_s, created_at, expires_at, revoked_at, operations,
    networks, mint_per_day, issued_by, last_used_at, rotated_at, old_until
FROM access.api_key
WHERE id = %(id)s;

-- name: lock_key
-- One key, held until the call that changes it ends.
SELECT
    id, name, role, store_id, stores, rate_per_s, created_at, expires_at, revoked_at, operations,
    networks, mint_per_day, issued_by, last_used_at, rotated_at, old_until
FROM access.api_key
WHERE id = %(id)s
FOR UPDATE;

-- name: revoke_key
-- The first revocation stays; asking again changes nothing and answers the same.
UPDATE access.api_key SET revoked_at = coalesce(revoked_at, %(now)s)
WHERE id = %(id)s
RETURNING
    id, name, role, store_id, stores, rate_per_s, created_at, expires_at, revoked_at, operations,
    networks, mint_per_day, issued_by, last_used_at, rotated_at, old_until;

-- name: rotate_key
-- A new token takes the place of the old one, which works until the overlap is over. Of two
-- rotations in a row the token before the first is nobody's at once.
UPDATE access.api_key SET
    old_token_hash = token_hash, old_until = %(old_until)s, token_hash = %(token_hash)s,
    rotated_at = %(now)s
WHERE id = %(id)s
RETURNING
    id, name, role, store_id, stores, rate_per_s, created_at, expires_at, revoked_at, operations,
    networks, mint_per_day, issued_by, last_used_at, rotated_at, old_until;

-- name: lock_minted
-- What keys with a cap have given on a day, held until the batch ends. A row is begun where there
-- is none; in one order, so that two batches never wait in a ring.
INSERT INTO access.minted AS m (key_id, day, points)
SELECT k.id, %(day)s, 0 FROM unnest(%(keys)s::uuid[]) AS k (id) ORDER BY k.id
ON CONFLICT (key_id, day) DO UPDATE SET points = m.points
RETURNING key_id, points;

-- name: save_minted
-- The counts after the batch that holds them.
UPDATE access.minted SET points = s.points
FROM unnest(%(keys)s::uuid[], %(points)s::bigint[]) AS s (key_id, points)
WHERE minted.key_id = s.key_id AND minted.day = %(day)s;

-- name: forget_minted
-- Days that are over count for nothing any more.
DELETE FROM access.minted WHERE day < %(day)s;

-- name: read_role
-- What an own role may today; one that has ended may nothing.
SELECT name, grants, sight FROM access.role WHERE name = %(name)s AND ended_at IS NULL;

-- name: list_roles
-- A page of own roles by name, ended ones too.
SELECT name, about, grants, sight, created_at, changed_at, made_by, ended_at
FROM access.role
WHERE name > %(after)s
ORDER BY name
LIMIT %(page)s;

-- name: role_row
-- One own role with all that is kept of it, also when it has ended.
SELECT name, about, grants, sight, created_at, changed_at, made_by, ended_at
FROM access.role
WHERE name = %(name)s;

-- name: lock_role
-- One own role, held until the call that changes it ends.
SELECT name, about, grants, sight, created_at, changed_at, made_by, ended_at
FROM access.role
WHERE name = %(name)s
FOR UPDATE;

-- name: add_role
-- A name that was ever used is taken: no row comes back.
INSERT INTO access.role (name, about, grants, sight, created_at, changed_at, made_by)
VALUES (%(name)s, %(about)s, %(grants)s, %(sight)s, %(now)s, %(now)s, %(made_by)s)
ON CONFLICT DO NOTHING
RETURNING name, about, grants, sight, created_at, changed_at, made_by, ended_at;

-- name: change_role
-- Whoever bears the role may this from now on.
UPDATE access.role SET
    about = %(about)s, grants = %(grants)s, sight = %(sight)s, changed_at = %(now)s
WHERE name = %(name)s
RETURNING name, about, grants, sight, created_at, changed_at, made_by, ended_at;

-- name: end_role
-- Its bearers may nothing any more; the first end stays.
UPDATE access.role SET ended_at = coalesce(ended_at, %(now)s)
WHERE name = %(name)s
RETURNING name, about, grants, sight, created_at, changed_at, made_by, ended_at;

-- name: claim
-- Takes keys for writing calls. Everybody inserts in the same order, so two batches never wait in a
-- ring; whoever comes second waits for the first to end, and gets no row if it committed.
INSERT INTO access.request (principal_id, key, operation, fingerprint, outcome_id, posted_at)
SELECT c.principal_id, c.key, c.operation, c.fingerprint, c.outcome_id, c.posted_at
FROM (
    SELECT
        unnest(%b::uuid[]) AS principal_id, unnest(%b::text[]) AS key,
        unnest(%b::text[]) AS operation, unnest(%b::bytea[]) AS fingerprint,
        unnest(%b::uuid[]) AS outcome_id, unnest(%b::timestamptz[]) AS posted_at
) AS c
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
SELECT
    unnest(%b::date[]), unnest(%b::uuid[]), unnest(%b::smallint[]), unnest(%b::bytea[]);

-- name: prepare_days
-- Partitions for the week to come, away with those past keeping; true when all of it was done.
SELECT access.prepare_days(%(today)s);

-- name: unclaim
-- A refused call leaves no trace: its key is free for the corrected one.
DELETE FROM access.request
USING unnest(%b::uuid[], %b::text[]) AS gone (principal_id, key)
WHERE request.principal_id = gone.principal_id AND request.key = gone.key;

-- name: silent_tills
-- Keys of tills that worked within a month, but not since that time; `last_used_at` is to the hour.
SELECT count(*) FROM access.api_key AS k
WHERE
    k.role IN ('till', 'partner') AND k.revoked_at IS NULL
    AND (k.expires_at IS NULL OR k.expires_at > %(now)s)
    AND k.last_used_at < %(since)s AND k.last_used_at > %(now)s - interval '30 days';

-- name: till_keys
-- How many tills have a key that works.
SELECT count(*) FROM access.api_key AS k
WHERE
    k.role = 'till' AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > %(now)s);
