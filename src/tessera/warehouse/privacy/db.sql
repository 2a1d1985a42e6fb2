-- warehouse: what files said of people and could not be posted.

-- name: forget_quarantined
-- Receipts in quarantine that name one of these. Their record says whom the mapping found in them;
-- in other cells an address or a phone with its country's number counts, however it is written;
-- an amount with decimals is none. Where a phone is meant, one without its country's number counts
-- too. A record of an earlier release, which does not say whom it names, is looked at cell by cell,
-- but for what we counted; where its rows have the column that names the customer, in that one. The
-- record goes, and the sentence, which may quote it; the code of why it was refused stays.
UPDATE warehouse.quarantine AS q SET record = '{}', why = ''
WHERE EXISTS (
    SELECT
    FROM (
        SELECT n.said ->> 'kind' AS kind, n.said ->> 'value' AS word
        FROM jsonb_path_query(q.record, '$.named[*]') AS n (said)
        UNION ALL
        SELECT q.record #>> '{member,kind}', q.record #>> '{member,value}'
        UNION ALL
        SELECT
            CASE
                WHEN q.record ?| '{named,member}' THEN 'cell'
                WHEN
                    q.record #> '{rows,0}' ? (%(customers)s::jsonb ->> q.mapping)
                    AND c.said ->> 'key' <> %(customers)s::jsonb ->> q.mapping
                    THEN 'cell'
                ELSE 'old cell'
            END,
            c.said ->> 'value'
        FROM
            jsonb_path_query(
                q.record,
                CASE
                    WHEN q.record ? 'named' THEN
                        '$.rows[*].keyvalue() ? (
                            @.value like_regex
                            "@|^ *[+]|^ *(tel:)?([^0-9a-z:]*[0-9]){7}[^a-z:]*$" flag "i"
                            || (@.key != "row" && @.value >= 1000000)
                        )'::jsonpath
                    ELSE
                        '$.** ? (@.type() == "object").keyvalue()
                        ? (@.key != "row" && @.key != "number" && @.key != "points")'::jsonpath
                END
            ) AS c (said)
    ) AS v
    CROSS JOIN LATERAL (
        SELECT regexp_replace(lower(btrim(v.word)), '^([0-9]+)[.]0+$', '\1') AS word
    ) AS plain
    CROSS JOIN LATERAL (
        SELECT ltrim(regexp_replace(plain.word, '[^0-9]', '', 'g'), '0') AS digits
    ) AS dialled
    WHERE
        v.kind || ' ' || v.word = ANY(%(names)s::text[])
        OR plain.word = ANY(%(addresses)s::text[])
        OR (v.kind = 'old cell' AND plain.word = ANY(%(words)s::text[]))
        OR (
            dialled.digits = ANY(%(abroad)s::text[])
            AND (v.kind = 'phone' OR plain.word ~ '^([+]|(tel:)?[^[:alpha:]:]*$)')
            AND plain.word !~ '^-?[0-9]+[.,][0-9]{1,2}$'
        )
        OR (
            dialled.digits = ANY(%(at_home)s::text[])
            AND (v.kind = 'phone' OR (v.kind = 'old cell' AND plain.word !~ '[[:alpha:]:]'))
            AND plain.word !~ '^[^0-9+]*([+]|00)'
        )
);

-- name: put_aside_waiting
-- Returns that wait for the end of a load under the name of one of these: nobody will be found for
-- them, so they are in quarantine with that reason, and what they said goes. Only phones with their
-- country's number wait.
WITH gone AS (
    DELETE FROM warehouse.waiting_return
    WHERE
        (record #>> '{member,kind}') || ' ' || member = ANY(%(names)s::text[])
        OR lower(member) = ANY(%(addresses)s::text[])
        OR (
            member ~ '^[^0-9+]*[+]'
            AND regexp_replace(member, '[^0-9]', '', 'g') = ANY(%(abroad)s::text[])
        )
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
