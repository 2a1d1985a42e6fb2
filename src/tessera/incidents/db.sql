-- incidents: what went wrong, and what was noted about it.

-- name: one_at_a_time
-- The register is written by one transaction at a time: it reads the newest row, then decides.
SELECT pg_advisory_xact_lock(hashtext('incidents'));

-- name: newest
-- The latest incident of a kind, the open one if there is one; without its notes.
SELECT id, kind, detail, began_at, ended_at, times, opened_by, closed_by
FROM incidents.incident
WHERE kind = %(kind)s
ORDER BY ended_at IS NULL DESC, ended_at DESC, id DESC
LIMIT 1;

-- name: put
-- An incident as it is from now on.
INSERT INTO incidents.incident
    (id, kind, detail, began_at, ended_at, times, opened_by, closed_by)
VALUES
    (
        %(id)s, %(kind)s, %(detail)s, %(began_at)s, %(ended_at)s, %(times)s, %(opened_by)s,
        %(closed_by)s
    )
ON CONFLICT (id) DO UPDATE SET
    detail = excluded.detail, ended_at = excluded.ended_at, times = excluded.times,
    closed_by = excluded.closed_by;

-- name: forget
-- Of the ended ones all but the newest; their notes go with them.
DELETE FROM incidents.incident
WHERE
    id IN (
        SELECT i.id FROM incidents.incident AS i
        WHERE i.ended_at IS NOT NULL
        ORDER BY i.id DESC OFFSET %(kept)s
    );

-- name: add_note
-- What somebody saw or did.
INSERT INTO incidents.note (incident_id, number, at, who, text)
VALUES (%(incident_id)s, %(number)s, %(at)s, %(who)s, %(text)s);

-- name: find
-- One incident, without its notes.
SELECT id, kind, detail, began_at, ended_at, times, opened_by, closed_by
FROM incidents.incident
WHERE id = %(id)s;

-- name: page
-- A page, the newest first (ids grow with time); only the open ones if that is asked.
SELECT id, kind, detail, began_at, ended_at, times, opened_by, closed_by
FROM incidents.incident
WHERE
    (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
    AND (NOT %(open)s OR ended_at IS NULL)
ORDER BY id DESC
LIMIT %(page)s;

-- name: notes
-- The notes of some incidents, in their order.
SELECT incident_id, number, at, who, text
FROM incidents.note
WHERE incident_id = any(%(ids)s)
ORDER BY incident_id, number;

-- name: count_open
-- How many are not over.
SELECT count(*) FROM incidents.incident AS i WHERE i.ended_at IS NULL;
