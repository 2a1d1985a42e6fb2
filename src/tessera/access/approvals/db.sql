-- access.approvals: calls that wait for a second person.

-- name: wait_turn
-- Proposals of one person go one after the other: their number has a limit.
SELECT pg_advisory_xact_lock(hashtextextended('approval ' || %(person)s::text, 0));

-- name: count_open
-- How many of this person wait.
SELECT count(*) FROM access.approval
WHERE person_id = %(person)s AND state = 'open' AND expires_at > %(now)s;

-- name: add
-- A call begins to wait.
INSERT INTO access.approval (
    id, operation, payload, hash, limit_name, why, principal, person_id, proposed_at, expires_at
) VALUES (
    %(id)s, %(operation)s, %(payload)s, %(hash)s, %(limit_name)s, %(why)s, %(principal)s::jsonb,
    %(person)s, %(proposed_at)s, %(expires_at)s
);

-- name: read
-- One of them.
SELECT
    id, operation, payload, hash, limit_name, why, principal::text, person_id, proposed_at,
    expires_at, state, decided_at, decided_by, decided_name, reason, outcome_id
FROM access.approval
WHERE id = %(id)s;

-- name: read_locked
-- One of them, for whoever decides: of two at once the second sees what the first has decided.
SELECT
    id, operation, payload, hash, limit_name, why, principal::text, person_id, proposed_at,
    expires_at, state, decided_at, decided_by, decided_name, reason, outcome_id
FROM access.approval
WHERE id = %(id)s
FOR UPDATE;

-- name: list
-- The newest first (ids grow with time); open ones only, if asked.
SELECT
    id, operation, payload, hash, limit_name, why, principal::text, person_id, proposed_at,
    expires_at, state, decided_at, decided_by, decided_name, reason, outcome_id
FROM access.approval
WHERE
    id < %(before)s
    AND (NOT %(open)s OR (state = 'open' AND expires_at > %(now)s))
ORDER BY id DESC
LIMIT %(page)s;

-- name: decide
-- What became of it.
UPDATE access.approval
SET state = %(state)s, decided_at = %(at)s, decided_by = %(by)s, decided_name = %(name)s,
    reason = %(reason)s, outcome_id = %(outcome)s
WHERE id = %(id)s;

-- name: staffed
-- Whether there is anybody who can sign in. Invited alone is not yet at work.
SELECT exists(
    SELECT 1 FROM access.staff
    WHERE
        ended_at IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
        AND (password IS NOT NULL OR sso_subject IS NOT NULL)
);

-- name: beholden
-- Whether the approver came in by the proposer's hand since then, or by that of somebody who did:
-- invited, or reset. Behind a key stands whoever issued it.
WITH RECURSIVE hand AS MATERIALIZED (
    SELECT s.created_by::text AS giver, s.id::text AS given_to
    FROM access.staff AS s
    WHERE s.created_at >= %(since)s
    UNION ALL
    SELECT coalesce(k.issued_by, a.principal_id)::text, a.subject_id
    FROM access.audit AS a
    LEFT JOIN access.api_key AS k ON a.principal_id = k.id
    WHERE a.operation = 'staff.reset' AND a.outcome = 'done' AND a.at >= %(since)s
),

led (person) AS (
    SELECT %(proposer)s::uuid::text
    UNION
    SELECT hand.given_to FROM led INNER JOIN hand ON led.person = hand.giver
)

SELECT exists(SELECT 1 FROM led WHERE led.person = %(approver)s::uuid::text);

-- name: gone
-- Whether whoever proposed has left since: the key ended, or the person's time; or began anew.
SELECT
    EXISTS(
        SELECT 1 FROM access.api_key AS k
        WHERE
            k.id = %(principal)s AND (k.revoked_at IS NOT NULL OR k.expires_at <= %(now)s)
    )
    OR EXISTS(
        SELECT 1 FROM access.staff AS s
        WHERE s.id = %(person)s AND (s.ended_at IS NOT NULL OR s.expires_at <= %(now)s)
    )
    OR EXISTS(
        SELECT 1 FROM access.audit AS a
        WHERE
            a.subject_id = %(person)s::uuid::text AND a.operation = 'staff.reset'
            AND a.outcome = 'done' AND a.at >= %(since)s
    );

-- name: overdue
-- Those whose time is over and whose bodies are still readable; what somebody decides on now waits.
SELECT
    id, operation, payload, hash, limit_name, why, principal::text, person_id, proposed_at,
    expires_at, state, decided_at, decided_by, decided_name, reason, outcome_id
FROM access.approval
WHERE state = 'open' AND expires_at <= %(now)s
ORDER BY expires_at
LIMIT %(most)s
FOR UPDATE SKIP LOCKED;

-- name: count_waiting
-- How many wait that this person may decide on: not one's own.
SELECT count(*) FROM access.approval AS a
WHERE a.state = 'open' AND a.expires_at > %(now)s AND a.person_id <> %(person)s;
