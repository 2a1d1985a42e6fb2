-- access.past: what the log says was done to members, as lines of one list. No values.

-- name: past
-- What was done to members before a place in the list, newest first; without what other lists tell
-- better. Who saw whose data is told only to those who may know it.
SELECT p.at, 'done', p.id, p.operation, p.fields, 0, '', 0, '', '', '', p.by_, p.reason
FROM (
    SELECT
        a.at, lpad(a.chain::text, 5, '0') || lpad(a.seq::text, 19, '0') AS id, a.operation,
        a.fields, a.reason,
        CASE WHEN a.principal_kind = 'member' THEN 'member' ELSE a.principal_name END AS by_
    FROM access.audit AS a
    WHERE a.subject_id = ANY(%(ids)s::uuid[]::text[]) AND a.outcome = 'done'
        AND a.subject_kind = ANY(%(kinds)s::text[])
        AND NOT a.operation = ANY(%(elsewhere)s::text[])
        AND a.at <= %(at)s
) AS p
WHERE (p.at, 'done:' || p.id) < (%(at)s, %(key)s)
ORDER BY p.at DESC, p.id DESC
LIMIT %(page)s;
