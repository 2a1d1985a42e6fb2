-- warehouse: what files said of people and could not be posted.

-- name: forget_quarantined
-- Rows in quarantine that name one of these: a card, a phone, an address, as a value of their own,
-- whatever its capitals; of phones the last digits count, however they are written. The record
-- goes, and the sentence, which may quote it; the code of why it was refused stays.
UPDATE warehouse.quarantine AS q SET record = '{}', why = ''
WHERE EXISTS (
    SELECT
    FROM
        jsonb_path_query(q.record, '$.** ? (@.type() == "string" || @.type() == "number")')
            AS v (value)
    WHERE
        lower(btrim(v.value #>> '{}')) = ANY(%(names)s::text[])
        OR right(regexp_replace(v.value #>> '{}', '[^0-9]', '', 'g'), 8) = ANY(%(tails)s::text[])
);

-- name: put_aside_waiting
-- Returns that wait for the end of a load under the name of one of these: nobody will be found for
-- them, so they are in quarantine with that reason, and what they said goes.
WITH gone AS (
    DELETE FROM warehouse.waiting_return
    WHERE
        lower(member) = ANY(%(names)s::text[])
        OR right(regexp_replace(member, '[^0-9]', '', 'g'), 8) = ANY(%(tails)s::text[])
    RETURNING mapping, number, load_id, row_number
)

INSERT INTO warehouse.quarantine
    (mapping, number, load_id, row_number, code, field, why, record)
SELECT gone.mapping, gone.number, gone.load_id, gone.row_number, 'member_erased', '', '', '{}'
FROM gone
ORDER BY gone.mapping, gone.number
ON CONFLICT (mapping, number) DO UPDATE SET
    load_id = excluded.load_id, row_number = excluded.row_number, code = excluded.code,
    field = excluded.field, why = excluded.why, record = excluded.record;

-- name: forget_old_quarantined
-- Records that nobody repaired in time go; the code of why they were refused stays.
UPDATE warehouse.quarantine AS q SET record = '{}', why = ''
FROM warehouse.load AS l
WHERE q.load_id = l.id AND l.finished_at < %(before)s AND q.record <> '{}';
