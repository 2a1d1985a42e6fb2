-- tasks: long work and its progress; the newest turns of what runs by itself.

-- name: add
-- Somebody asks for long work.
INSERT INTO tasks.task
    (id, kind, label, state, part, size, asked, by_kind, by_id, by_name, by_role, asked_at)
VALUES
    (
        %(id)s, %(kind)s, %(label)s, %(state)s, %(part)s, %(size)s, %(asked)s::jsonb,
        %(by_kind)s, %(by_id)s, %(by_name)s, %(by_role)s, %(now)s
    );

-- name: read
-- One task.
SELECT
    id, kind, label, state, part, size, received, asked, by_kind, by_id, by_name, by_role, asked_at,
    phase, done, total, phase_at, phase_from, started_at, beat_at, finished_at, tries, stop,
    report, fault, subject
FROM tasks.task
WHERE id = %(id)s;

-- name: lock
-- One task, for whoever changes it: the others wait.
SELECT
    id, kind, label, state, part, size, received, asked, by_kind, by_id, by_name, by_role, asked_at,
    phase, done, total, phase_at, phase_from, started_at, beat_at, finished_at, tries, stop,
    report, fault, subject
FROM tasks.task
WHERE id = %(id)s
FOR UPDATE;

-- name: page
-- The newest tasks, before one of them: ids grow with time.
SELECT
    id, kind, label, state, part, size, received, asked, by_kind, by_id, by_name, by_role, asked_at,
    phase, done, total, phase_at, phase_from, started_at, beat_at, finished_at, tries, stop,
    report, fault, subject
FROM tasks.task
WHERE
    (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
    AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s::text[]))
ORDER BY id DESC
LIMIT %(most)s;

-- name: of_subjects
-- The newest task that worked on each of these.
SELECT DISTINCT ON (t.subject)
    t.subject, t.id
FROM tasks.task AS t
WHERE t.subject = ANY(%(subjects)s::uuid[])
ORDER BY t.subject, t.id DESC;

-- name: mappings
-- The newest mapping of each kind and name that somebody used.
SELECT DISTINCT ON (kind, asked ->> 'name') kind, asked ->> 'name', asked ->> 'mapping'
FROM tasks.task
WHERE asked ->> 'mapping' <> '' AND kind = ANY(%(kinds)s::text[])
ORDER BY kind, asked ->> 'name', id DESC
LIMIT 200;

-- name: received
-- So much of its file is here.
UPDATE tasks.task SET received = %(received)s WHERE id = %(id)s;

-- name: queue
-- The worker is to do this part.
UPDATE tasks.task
SET
    state = 'queued', part = %(part)s, stop = false, fault = NULL, tries = 0, phase = '', done = 0,
    total = NULL, phase_at = NULL, phase_from = 0, finished_at = NULL
WHERE id = %(id)s;

-- name: ask_stop
-- Somebody wants a running task to end.
UPDATE tasks.task SET stop = true WHERE id = %(id)s;

-- name: finish
-- A task leaves the worker, or never comes to it.
UPDATE tasks.task
SET
    state = %(state)s, finished_at = %(now)s, fault = %(fault)s::jsonb, stop = false,
    report = coalesce(%(report)s::jsonb, report), subject = coalesce(%(subject)s, subject)
WHERE id = %(id)s;

-- name: lose
-- Their files are gone, and why. The worker ends what it is at, and finds the reason there.
UPDATE tasks.task
SET
    fault = %(fault)s::jsonb, stop = (state = 'running'),
    finished_at = CASE WHEN state = 'running' THEN finished_at ELSE %(now)s END,
    state = CASE WHEN state = 'running' THEN state ELSE 'failed' END
WHERE id = ANY(%(ids)s::uuid[]) AND state <> 'done';

-- name: lost
-- Why a task that is at work has no file any more: else it has no fault.
SELECT fault FROM tasks.task WHERE id = %(id)s;

-- name: lead
-- One worker in a database; the lock goes with the connection, whatever kills it.
SELECT pg_try_advisory_lock(hashtextextended('tessera:tasks', 0));

-- name: idle
-- Whether no worker is there: the lock is let go of with this transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('tessera:tasks', 0));

-- name: waiting
-- Whether there is anything for a worker.
SELECT true FROM tasks.task WHERE state IN ('queued', 'running') LIMIT 1;

-- name: take
-- The next task: first what a dead worker left, then the oldest. Who is just being stopped is
-- passed over.
UPDATE tasks.task AS t
SET
    state = 'running', tries = t.tries + 1, started_at = coalesce(t.started_at, %(now)s),
    beat_at = %(now)s
FROM
    (
        SELECT id FROM tasks.task
        WHERE state IN ('queued', 'running')
        ORDER BY state DESC, id
        LIMIT 1
        FOR UPDATE SKIP LOCKED
    ) AS next
WHERE t.id = next.id
RETURNING
    t.id, t.kind, t.label, t.state, t.part, t.size, t.received, t.asked, t.by_kind, t.by_id,
    t.by_name, t.by_role, t.asked_at, t.phase, t.done, t.total, t.phase_at, t.phase_from,
    t.started_at, t.beat_at, t.finished_at, t.tries, t.stop, t.report, t.fault, t.subject;

-- name: beat
-- How far it is; the answer is whether it is to stop.
UPDATE tasks.task
SET
    beat_at = %(now)s, phase = %(phase)s, total = %(total)s, phase_at = %(since)s,
    phase_from = %(since_done)s, done = %(done)s
WHERE id = %(id)s
RETURNING stop;

-- name: told
-- The newest turn of each name; what an older one says is not written over a newer one.
INSERT INTO tasks.turn (name, every_s, began_at, took_ms, fault, failures, well_at)
SELECT t.name, t.every_s, t.began_at, t.took_ms, t.fault, t.failures, t.well_at
FROM
    unnest(
        %(names)s::text[], %(every)s::int[], %(began)s::timestamptz[], %(took)s::bigint[],
        %(faults)s::text[], %(failures)s::int[], %(well)s::timestamptz[]
    ) AS t (name, every_s, began_at, took_ms, fault, failures, well_at)
ORDER BY t.name
ON CONFLICT (name) DO UPDATE SET
    every_s = excluded.every_s, began_at = excluded.began_at, took_ms = excluded.took_ms,
    fault = excluded.fault, failures = excluded.failures,
    well_at = coalesce(excluded.well_at, turn.well_at)
WHERE turn.began_at < excluded.began_at;

-- name: turns
-- What runs by itself, as it was last told.
SELECT name, every_s, began_at, took_ms, fault, failures, well_at FROM tasks.turn ORDER BY name;

-- name: kept
-- Tasks whose files are still needed, of these: not over yet, or worked on after an instant. What
-- lost its file needs none: what a worker put there meanwhile goes.
SELECT id FROM tasks.task
WHERE
    id = ANY(%(ids)s::uuid[])
    AND fault ->> 'code' IS DISTINCT FROM 'file_removed'
    AND (state IN ('queued', 'running')
        OR greatest(asked_at, beat_at, finished_at) >= %(before)s);

-- name: give_back
-- The worker was told to end: somebody else goes on, and this was no death.
UPDATE tasks.task SET state = 'queued', tries = greatest(tries - 1, 0)
WHERE id = %(id)s AND state = 'running';

-- name: forget
-- Tasks that were over long ago.
DELETE FROM tasks.task
WHERE state IN ('done', 'failed', 'cancelled') AND finished_at < %(before)s;
