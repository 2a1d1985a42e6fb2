-- name: current
-- The version that decides what happens at a moment: the newest that has begun.
SELECT version, body::text FROM program.version
WHERE starts_at IS NULL OR starts_at <= %b ORDER BY version DESC LIMIT 1;

-- name: newest
-- The version that was published last; it may begin later.
SELECT version, body::text FROM program.version ORDER BY version DESC LIMIT 1;

-- name: one
-- A version that decided some receipt.
SELECT body::text FROM program.version WHERE version = %b;

-- name: some
-- The bodies of several versions, as text: most of them are never read.
SELECT version, body::text FROM program.version WHERE version = any(%b);

-- name: starts
-- When each version begins; NULL is the beginning of time. Small rows: the bodies are not touched.
SELECT version, starts_at, published_at FROM program.version ORDER BY version;

-- name: page
-- The versions before one, newest first, without their bodies.
SELECT version, body ->> 'name', jsonb_array_length(body -> 'rules'), published_at, starts_at,
    published_by, note
FROM program.version WHERE version < %b ORDER BY version DESC LIMIT %b;

-- name: last_draws
-- Draws as the newest version had them that has begun and declares them.
SELECT DISTINCT ON (asked.code) asked.code, (v.body -> 'draws' -> asked.code)::text
FROM unnest(%(codes)s::text[]) AS asked (code)
JOIN program.version AS v ON v.body -> 'draws' ? asked.code
WHERE v.starts_at IS NULL OR v.starts_at <= %(now)s
ORDER BY asked.code, v.version DESC;

-- name: take_turn
-- Who publishes at once waits here, until the other one's commit.
SELECT pg_advisory_xact_lock(7_310_001);

-- name: publish
-- Versions count up and never change.
INSERT INTO program.version (version, body, published_at, published_by, starts_at, note)
VALUES (%b, %s, %b, %b, %b, %b);
