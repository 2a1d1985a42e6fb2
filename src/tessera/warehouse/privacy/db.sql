-- warehouse: what files said of people and could not be posted.

-- name: forget_quarantined
-- Rows in quarantine that name one of these: a card, a phone, an address, as a value of their own,
-- whatever its capitals; of phones the last digits count, however they are written. The record
-- goes, the line that says why it was refused stays.
UPDATE warehouse.quarantine AS q SET record = '{}'
WHERE EXISTS (
    SELECT
    FROM
        jsonb_path_query(q.record, '$.** ? (@.type() == "string" || @.type() == "number")')
            AS v (value)
    WHERE
        lower(btrim(v.value #>> '{}')) = ANY(%(names)s::text[])
        OR right(regexp_replace(v.value #>> '{}', '[^0-9]', '', 'g'), 8) = ANY(%(tails)s::text[])
);

-- name: forget_old_quarantined
-- Records that nobody repaired in time go; why they were refused stays.
UPDATE warehouse.quarantine AS q SET record = '{}'
FROM warehouse.load AS l
WHERE q.load_id = l.id AND l.finished_at < %(before)s AND q.record <> '{}';
