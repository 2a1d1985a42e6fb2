-- The proof of the history. Each check yields sentences, none if all is well, 100 at most.

-- name: days
-- Every day is the sum of its receipts and events, as they stand after all returns: the return that
-- leaves the fewest units says so. Articles and rules count where the decision says that
-- they were `counted`. Of a discount each line bears its share. Days with nothing may be there.
-- What an account did is a part of the days of those above it, while it is joined to them.
WITH
sale AS (
    SELECT
        r.id, r.account_id, r.store_id, r.local_at::date AS day,
        convert_from(r.lines, 'UTF8')::json AS lines, newest.story -> 'kept' AS kept,
        coalesce(newest.story, convert_from(r.story, 'UTF8')::json) AS story
    FROM checkout.receipt AS r
    LEFT JOIN checkout.last_return AS newest ON r.id = newest.sale_id
    WHERE r.kind = 'sale' AND r.account_id IS NOT NULL
),

off AS (
    SELECT sale.id, (share ->> 0)::bigint AS number, sum((share ->> 1)::bigint) AS minor
    FROM sale
    CROSS JOIN LATERAL json_array_elements(sale.story -> 'story' -> 'effects') AS effect
    CROSS JOIN LATERAL json_array_elements(effect -> 'lines') AS share
    WHERE effect ->> 'kind' = 'discount'
    GROUP BY sale.id, (share ->> 0)::bigint
),

line AS (
    SELECT
        sale.id, sale.account_id, sale.day, sale.store_id, said.sku, said.category, each.number,
        said.quantity, left_of.units, sale.story -> 'counted' AS counted,
        coalesce(said.unit, 'piece') AS unit,
        coalesce(
            said.total_minor,
            CASE WHEN said.unit IN ('g', 'ml')
                THEN (said.quantity * said.unit_minor + 500) / 1000
                ELSE said.quantity * said.unit_minor
            END
        ) AS total_minor
    FROM sale
    CROSS JOIN LATERAL json_array_elements(sale.lines) WITH ORDINALITY AS each (line, number)
    CROSS JOIN LATERAL json_to_record(each.line) AS said (
        sku text, quantity bigint, unit_minor bigint, unit text, total_minor bigint, category text
    )
    CROSS JOIN LATERAL (
        SELECT coalesce((sale.kept ->> (each.number - 1)::int)::bigint, said.quantity)
    ) AS left_of (units)
    WHERE left_of.units > 0
),

part AS (
    SELECT
        line.id, line.account_id, scope.name AS scope, line.day, line.store_id,
        CASE line.unit WHEN 'piece' THEN line.units ELSE 1 END AS units,
        (2 * line.total_minor * line.units + line.quantity) / (2 * line.quantity)
        - coalesce(off.minor, 0) AS amount
    FROM line
    LEFT JOIN off ON line.id = off.id AND line.number = off.number
    CROSS JOIN LATERAL (
        SELECT ''
        UNION ALL
        SELECT 'c:' || line.category WHERE line.category <> ''
        UNION ALL
        SELECT counted.scope
        FROM json_array_elements_text(line.counted) AS counted (scope)
        WHERE counted.scope = 's:' || line.sku
    ) AS scope (name)
),

decided AS (
    SELECT id, account_id, store_id, day, story FROM sale
    UNION ALL
    SELECT id, account_id, store_id, local_at::date, convert_from(story, 'UTF8')::json
    FROM checkout.event
),

given AS (
    SELECT
        decided.id, decided.account_id, counted.scope, decided.day, decided.store_id,
        0 AS units, (effect ->> 'given')::bigint AS amount
    FROM decided
    CROSS JOIN LATERAL json_array_elements_text(decided.story -> 'counted') AS counted (scope)
    CROSS JOIN LATERAL json_array_elements(decided.story -> 'story' -> 'effects') AS effect
    WHERE (effect ->> 'given')::bigint > 0 AND effect ->> 'rule' <> '*return'
        AND (
            counted.scope = 'g:' || (effect ->> 'rule')
            OR (counted.scope = 'g:*' || (effect ->> 'kind') AND effect ->> 'unit' IS NULL)
            OR counted.scope = 'g:*points ' || (effect ->> 'unit')
        )
),

derived AS (
    SELECT
        coalesce(above.above_id, every.account_id) AS account_id, every.scope, every.day,
        every.store_id, count(DISTINCT every.id) AS times, sum(every.units) AS units,
        sum(every.amount) AS amount
    FROM (
        SELECT id, account_id, scope, day, store_id, units, amount FROM part
        UNION ALL
        SELECT id, account_id, scope, day, store_id, units, amount FROM given
        UNION ALL
        SELECT id, account_id, 'e:' || type, local_at::date, store_id, 0, 0 FROM checkout.event
    ) AS every
    LEFT JOIN ledger.above ON every.account_id = above.account_id
    GROUP BY coalesce(above.above_id, every.account_id), every.scope, every.day, every.store_id
)

SELECT format(
    'account %s, scope "%s", %s at %s: %s times, %s units, %s; expected %s, %s, %s by its receipts',
    account_id, scope, day, coalesce(nullif(store_id, ''), 'no store'),
    coalesce(h.times, 0), coalesce(h.units, 0), coalesce(h.amount, 0),
    coalesce(derived.times, 0), coalesce(derived.units, 0), coalesce(derived.amount, 0)
)
FROM derived
FULL JOIN checkout.history_day AS h USING (account_id, scope, day, store_id)
WHERE
    (coalesce(h.times, 0), coalesce(h.units, 0), coalesce(h.amount, 0))
    <> (coalesce(derived.times, 0), coalesce(derived.units, 0), coalesce(derived.amount, 0))
ORDER BY account_id, scope, day, store_id
LIMIT 100;

-- name: marks
-- A mark is the sum of the days up to its end.
SELECT format(
    'account %s, scope "%s": the mark of %s differs from the days up to it',
    mark.account_id, mark.scope, mark.day
)
FROM checkout.history_mark AS mark
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(h.times), 0) AS times, count(DISTINCT h.day) AS days,
        coalesce(sum(h.units), 0) AS units, coalesce(sum(h.amount), 0) AS amount,
        max(h.day) AS last_day
    FROM checkout.history_day AS h
    WHERE h.account_id = mark.account_id AND h.scope = mark.scope AND h.day <= mark.day
        AND h.times > 0
) AS derived
CROSS JOIN LATERAL (
    SELECT coalesce(json_object_agg(last.store_id, last.day)::jsonb, '{}') AS visits
    FROM (
        SELECT h.store_id, max(h.day) AS day
        FROM checkout.history_day AS h
        WHERE h.account_id = mark.account_id AND h.scope = mark.scope AND h.day <= mark.day
            AND h.times > 0
        GROUP BY h.store_id
    ) AS last
) AS been
CROSS JOIN LATERAL (
    SELECT coalesce(json_object_agg(said.store_id, said.day)::jsonb, '{}') AS visits
    FROM unnest(mark.stores, mark.visits) AS said (store_id, day)
) AS told
WHERE
    (mark.times, mark.days, mark.units, mark.amount, mark.last_day, told.visits)
    IS DISTINCT FROM (
        derived.times, derived.days, derived.units, derived.amount, derived.last_day, been.visits
    )
ORDER BY mark.account_id, mark.scope, mark.day
LIMIT 100;
