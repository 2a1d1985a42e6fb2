-- identity.past: merges and their undoing, as lines of one list.

-- name: past
-- Merges of members on either side, before a place in the list, newest first.
WITH line AS (
    SELECT m.merged_at AS at, 'merged' AS kind, m.id::text AS id, m.reason
    FROM identity.merge AS m
    WHERE m.member_id = ANY(%(ids)s::uuid[]) OR m.other_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT m.undone_at, 'unmerged', m.id::text, m.undo_reason
    FROM identity.merge AS m
    WHERE (m.member_id = ANY(%(ids)s::uuid[]) OR m.other_id = ANY(%(ids)s::uuid[]))
        AND m.undone_at IS NOT NULL
)

SELECT line.at, line.kind, line.id, '', '', 0, '', 0, '', '', '', '', line.reason
FROM line
WHERE (line.at, line.kind || ':' || line.id) < (%(at)s, %(key)s)
ORDER BY line.at DESC, line.kind || ':' || line.id DESC
LIMIT %(page)s;
