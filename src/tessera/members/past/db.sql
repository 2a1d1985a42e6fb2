-- members.past: what became known of members, as lines of one list. Identifiers are in full.

-- name: past
-- How members came, what names them, what they agreed to and chose, in which households they were,
-- before a place in the list, newest first.
WITH line AS (
    SELECT
        j.joined_at AS at, 'came' AS kind, j.member_id::text AS id, j.source AS what, '' AS state,
        coalesce(j.store_id, '') AS store, '' AS number, j.way AS by_, '' AS reason
    FROM members.joining AS j
    WHERE j.member_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT i.since, 'identifier',
        lpad((row_number() OVER (ORDER BY i.since, i.kind, i.value))::text, 9, '0'), i.kind,
        i.status, '', i.value, '', i.status_reason
    FROM members.identifier AS i
    WHERE i.member_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT c.at, 'consent', lpad(c.id::text, 19, '0'), c.purpose || '/' || c.channel, c.state, '',
        '', c.way, ''
    FROM members.consent AS c
    WHERE c.member_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT c.at, 'choice', lpad(c.id::text, 19, '0'), c.choice, array_to_string(c.options, ', '),
        '', '', '', c.reason
    FROM members.choice AS c
    WHERE c.member_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT h.joined_at, 'household', h.household_id::text, h.role, '', '', '', '', ''
    FROM members.household_member AS h
    WHERE h.member_id = ANY(%(ids)s::uuid[])
    UNION ALL
    SELECT h.left_at, 'left', h.household_id::text, h.role, '', '', '', '', ''
    FROM members.household_member AS h
    WHERE h.member_id = ANY(%(ids)s::uuid[]) AND h.left_at IS NOT NULL
)

SELECT
    line.at, line.kind, line.id, line.what, line.state, 0, '', 0, line.store, '', line.number,
    line.by_, line.reason
FROM line
WHERE (line.at, line.kind || ':' || line.id) < (%(at)s, %(key)s)
ORDER BY line.at DESC, line.kind || ':' || line.id DESC
LIMIT %(page)s;
