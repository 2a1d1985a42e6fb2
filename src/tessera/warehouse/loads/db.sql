-- warehouse: files that are loaded, what waits meanwhile, and what could not be posted.

-- name: add_stores
-- Stores that a file names and nobody created; what is known about a store stays as it is.
INSERT INTO warehouse.store (id, name, time_zone)
SELECT asked.id, coalesce(nullif(%(name)s, ''), asked.id), %(time_zone)s
FROM unnest(%(ids)s::text[]) AS asked (id)
ORDER BY asked.id
ON CONFLICT DO NOTHING;

-- name: open_load
-- A file that is loaded for the first time; the same file by the same mapping is the same load.
INSERT INTO warehouse.load (id, source, source_hash, mapping, phase, done, tally, started_at)
VALUES (%(id)s, %(source)s, %(hash)s, %(mapping)s, 'sales', 0, '{}', %(now)s)
ON CONFLICT DO NOTHING;

-- name: find_load
-- How far a load has come.
SELECT id, phase, done, tally::text, started_at
FROM warehouse.load
WHERE source_hash = %(hash)s AND mapping = %(mapping)s;

-- name: lock_load
-- One process loads a file; the lock goes with the connection, whatever kills it.
SELECT pg_try_advisory_lock(hashtextextended(%(id)s::text, 0));

-- name: unlock_load
-- The connection goes back to a pool, so it must not keep the lock.
SELECT pg_advisory_unlock(hashtextextended(%(id)s::text, 0));

-- name: checkpoint
-- So far the load has come: in the transaction that keeps what was quarantined on the way.
UPDATE warehouse.load
SET phase = %(phase)s, done = %(done)s, tally = %(tally)s::jsonb, finished_at = %(finished_at)s
WHERE id = %(load)s;

-- name: quarantine
-- Receipts that could not be posted. One row per receipt: a later file tells the newer story.
INSERT INTO warehouse.quarantine
    (mapping, number, load_id, row_number, code, field, why, record)
SELECT %(mapping)s, q.number, %(load)s, q.row_number, q.code, q.field, q.why, q.record::jsonb
FROM
    unnest(
        %(numbers)s::text[], %(rows)s::bigint[], %(codes)s::text[], %(fields)s::text[],
        %(whys)s::text[], %(records)s::text[]
    ) AS q (number, row_number, code, field, why, record)
ORDER BY q.number
ON CONFLICT (mapping, number) DO UPDATE SET
    load_id = excluded.load_id, row_number = excluded.row_number, code = excluded.code,
    field = excluded.field, why = excluded.why, record = excluded.record;

-- name: heal
-- A receipt that has been posted after all leaves the quarantine.
DELETE FROM warehouse.quarantine
WHERE mapping = %(mapping)s AND number = ANY(%(numbers)s::text[]);

-- name: quarantined
-- What a load left in quarantine, in the order of the file.
SELECT number, row_number, code, field, why, record::text
FROM warehouse.quarantine
WHERE load_id = %(load)s
ORDER BY row_number, number;

-- name: set_aside
-- What a mapping has in quarantine, page by page, with the file it was found in.
SELECT q.number, l.source, q.row_number, q.code, q.field, q.why
FROM warehouse.quarantine AS q
INNER JOIN warehouse.load AS l ON q.load_id = l.id
WHERE q.mapping = %(mapping)s AND q.number > %(after)s
ORDER BY q.number
LIMIT %(most)s;

-- name: sums
-- How much each mapping has in quarantine, by reason.
SELECT mapping, code, count(*)
FROM warehouse.quarantine
GROUP BY mapping, code
ORDER BY mapping, code;

-- name: list_aside
-- What is in quarantine, page by page; '' asks for every mapping, every reason.
SELECT mapping, load_id, number, row_number, code, field, why
FROM warehouse.quarantine
WHERE
    (mapping, number) > (%(after_mapping)s, %(after)s)
    AND (%(mapping)s = '' OR mapping = %(mapping)s)
    AND (%(code)s = '' OR code = %(code)s)
ORDER BY mapping, number
LIMIT %(most)s;

-- name: read_aside
-- These of a mapping, with the load that put them there and what was read of them.
SELECT mapping, load_id, number, row_number, code, field, why, record::text
FROM warehouse.quarantine
WHERE mapping = %(mapping)s AND number = ANY(%(numbers)s::text[])
ORDER BY number
FOR UPDATE;

-- name: drop
-- Somebody decided that these are not to be taken.
DELETE FROM warehouse.quarantine
WHERE mapping = %(mapping)s AND number = ANY(%(numbers)s::text[])
RETURNING number;

-- name: drop_older
-- What was mended and has been judged anew, by this load, is aside no longer as it was.
DELETE FROM warehouse.quarantine
WHERE mapping = %(mapping)s AND number = ANY(%(numbers)s::text[]) AND load_id <> %(load)s;

-- name: rows_aside
-- In which rows of its file a load found what it put aside.
SELECT DISTINCT row_number FROM warehouse.quarantine
WHERE load_id = %(load)s
ORDER BY row_number
LIMIT %(most)s;

-- name: aside_of
-- Which of these a mapping has in quarantine.
SELECT number FROM warehouse.quarantine
WHERE mapping = %(mapping)s AND number = ANY(%(numbers)s::text[]);

-- name: wait
-- Returns that wait for the last sale. One that is planned may be half posted: its plan stays.
INSERT INTO warehouse.waiting_return (mapping, number, load_id, row_number, member, record)
SELECT %(mapping)s, w.number, %(load)s, w.row_number, w.member, w.record::jsonb
FROM
    unnest(%(numbers)s::text[], %(rows)s::bigint[], %(members)s::text[], %(records)s::text[])
    AS w (number, row_number, member, record)
ORDER BY w.number
ON CONFLICT (mapping, number) DO UPDATE SET
    load_id = excluded.load_id, row_number = excluded.row_number,
    record = CASE
        WHEN waiting_return.plan IS NULL THEN excluded.record
        ELSE waiting_return.record
    END,
    member = CASE
        WHEN waiting_return.plan IS NULL THEN excluded.member
        ELSE waiting_return.member
    END;

-- name: waiting_members
-- The next members whose returns wait to be matched; '' are those of nobody.
SELECT DISTINCT member
FROM warehouse.waiting_return
WHERE load_id = %(load)s AND plan IS NULL
ORDER BY member
LIMIT %(most)s;

-- name: waiting_of
-- All returns of these members that wait to be matched.
SELECT number, record::text
FROM warehouse.waiting_return
WHERE load_id = %(load)s AND plan IS NULL AND member = ANY(%(members)s::text[]);

-- name: plan
-- What will be posted for returns that found their sales.
UPDATE warehouse.waiting_return SET plan = p.plan::jsonb
FROM unnest(%(numbers)s::text[], %(plans)s::text[]) AS p (number, plan)
WHERE waiting_return.mapping = %(mapping)s AND waiting_return.number = p.number;

-- name: planned
-- Returns whose posting may have begun.
SELECT record::text, plan::text
FROM warehouse.waiting_return
WHERE load_id = %(load)s AND plan IS NOT NULL
ORDER BY number;

-- name: done_waiting
-- Returns that were posted, were known before, or went to quarantine.
DELETE FROM warehouse.waiting_return
WHERE mapping = %(mapping)s AND number = ANY(%(numbers)s::text[]);

-- name: waiting
-- How many returns of a load still wait.
SELECT count(*) FROM warehouse.waiting_return WHERE load_id = %(load)s;

-- name: count_quarantined
-- How many receipts lie in quarantine, up to `most`.
SELECT count(*) FROM (SELECT 1 FROM warehouse.quarantine LIMIT %(most)s) AS found;
