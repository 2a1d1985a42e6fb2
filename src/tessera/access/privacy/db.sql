-- access: what calls have left of a person.

-- name: mark_personal
-- The body of this call spoke of a person: its fingerprint does not stay for ever.
UPDATE access.request SET personal = true
WHERE principal_id = %(principal)s AND key = %(key)s;

-- name: blank_calls
-- The fingerprints of the calls with these outcomes: 32 bits a field would confirm a guess.
UPDATE access.request SET fingerprint = ''::bytea, personal = false
WHERE outcome_id = ANY(%(outcomes)s::uuid[]) AND personal;

-- name: forget_answers
-- What these calls answered: a nickname, the number of a card. Who sends one of them again hears
-- that its answer is no longer kept.
DELETE FROM access.answer WHERE outcome_id = ANY(%(outcomes)s::uuid[]);

-- name: blank_old_calls
-- The same for all whose answers are no longer kept: nothing is compared with them any more. So
-- many at a time; row count says how many.
UPDATE access.request SET fingerprint = ''::bytea, personal = false
WHERE (principal_id, key) IN (
    SELECT r.principal_id, r.key
    FROM access.request AS r
    WHERE r.personal AND r.posted_at < %(before)s
    ORDER BY r.posted_at
    LIMIT %(page)s
    FOR UPDATE SKIP LOCKED
);

-- name: outcomes_of
-- The outcomes of the calls that changed something of these members, or of their accounts.
SELECT DISTINCT outcome_id
FROM access.audit
WHERE subject_id = ANY(%(ids)s::text[]) AND outcome_id IS NOT NULL;

-- name: told
-- What there is about these members signing in, and what was done with them, under its headings.
SELECT
    'passkeys' AS heading,
    coalesce(
        jsonb_agg(
            jsonb_build_object(
                'name', p.name, 'created_at', p.created_at, 'used_at', p.used_at,
                'public_key', encode(p.public_key, 'base64')
            ) ORDER BY p.created_at, p.id
        ), '[]'
    )::text AS told
FROM access.passkey AS p
WHERE p.person_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT
    'signed_in',
    coalesce(
        jsonb_agg(
            jsonb_build_object(
                'device', s.device, 'way', s.way, 'opened_at', s.opened_at, 'seen_at', s.seen_at
            ) ORDER BY s.opened_at, s.id
        ), '[]'
    )::text
FROM access.person_session AS s
WHERE s.person_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT
    'done_with_your_data',
    coalesce(
        jsonb_agg(
            jsonb_build_object(
                'at', e.at, 'by', e.role, 'operation', e.operation, 'fields', e.fields,
                'reason', e.reason
            ) ORDER BY e.at, e.chain, e.seq
        ), '[]'
    )::text
FROM access.audit AS e
WHERE e.subject_id = ANY(%(words)s::text[]);

-- name: forget_passkeys
-- Their devices open nothing any more.
DELETE FROM access.passkey WHERE person_id = ANY(%(ids)s::uuid[]);

-- name: forget_sessions
-- They are signed out, everywhere.
DELETE FROM access.person_session WHERE person_id = ANY(%(ids)s::uuid[]);

-- name: forget_challenges
-- A code on its way proves nothing any more.
DELETE FROM access.code_challenge WHERE subject = ANY(%(ids)s::uuid[]);

-- name: active
-- Whether these members were signed in, or did anything that is written down, since.
SELECT
    EXISTS (
        SELECT FROM access.person_session AS s
        WHERE s.person_id = ANY(%(ids)s::uuid[]) AND s.seen_at > %(since)s
    )
    OR EXISTS (
        SELECT FROM access.audit AS e
        WHERE e.principal_id = ANY(%(ids)s::uuid[]) AND e.at > %(since)s
    )
    OR EXISTS (
        SELECT FROM access.audit AS e
        WHERE e.subject_id = ANY(%(words)s::text[]) AND e.at > %(since)s
    );
