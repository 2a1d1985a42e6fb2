-- What an account did on a day at a store, kept by the writer in the receipt's own transaction.
-- scope  ''           everything that was bought
--        c:CATEGORY   of one category; s:SKU of one article that a program asks for
--        e:EVENT      something that happened besides receipts
--        g:RULE       what a rule gave where its giving is counted; g:*points, g:*discount: all
-- times  receipts (or events, or receipts on which the rule gave)
-- units  pieces, a weighed line being one
-- amount minor units after discounts; of a rule, whatever it gives
CREATE TABLE checkout.history_day (
    account_id uuid NOT NULL,
    day date NOT NULL,
    times integer NOT NULL,
    units bigint NOT NULL,
    amount bigint NOT NULL,
    scope text COLLATE "C" NOT NULL,
    store_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (account_id, scope, day, store_id)
);

-- Everything of a scope up to the end of a day, for accounts with so many days that adding them up
-- would be slow. Made when they are read, dropped when something changes before their end; nothing
-- depends on their being there.
CREATE TABLE checkout.history_mark (
    account_id uuid NOT NULL,
    day date NOT NULL,
    times integer NOT NULL,
    days integer NOT NULL,
    units bigint NOT NULL,
    amount bigint NOT NULL,
    last_day date,
    scope text COLLATE "C" NOT NULL,
    stores text[] COLLATE "C" NOT NULL,
    visits date[] NOT NULL, -- the last day at each of these stores
    PRIMARY KEY (account_id, scope, day)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON checkout.history_day, checkout.history_mark TO tessera_app;

-- The receipts that are there, as they stand after their returns: the return that leaves the fewest
-- units says so. No article was counted yet, and no limit was set.
INSERT INTO checkout.history_day (account_id, scope, day, store_id, times, units, amount)
WITH
newest AS (
    SELECT DISTINCT ON (back.sale_id) back.sale_id, said.story
    FROM checkout.receipt AS back
    CROSS JOIN LATERAL (SELECT convert_from(back.story, 'UTF8')::json) AS said (story)
    WHERE back.kind = 'return' AND back.account_id IS NOT NULL
    ORDER BY
        back.sale_id,
        (SELECT sum(u.kept::bigint) FROM json_array_elements_text(said.story -> 'kept') AS u (kept))
),

sale AS (
    SELECT
        r.id, r.account_id, r.store_id, r.local_at::date AS day,
        convert_from(r.lines, 'UTF8')::json AS lines, newest.story -> 'kept' AS kept,
        coalesce(newest.story, convert_from(r.story, 'UTF8')::json) AS story
    FROM checkout.receipt AS r
    LEFT JOIN newest ON r.id = newest.sale_id
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
        sale.id, sale.account_id, sale.day, sale.store_id, said.category, left_of.units,
        coalesce(said.unit, 'piece') AS unit,
        (2 * coalesce(
            said.total_minor,
            CASE WHEN said.unit IN ('g', 'ml')
                THEN (said.quantity * said.unit_minor + 500) / 1000
                ELSE said.quantity * said.unit_minor
            END
        ) * left_of.units + said.quantity) / (2 * said.quantity)
        - coalesce(off.minor, 0) AS amount
    FROM sale
    CROSS JOIN LATERAL json_array_elements(sale.lines) WITH ORDINALITY AS each (line, number)
    CROSS JOIN LATERAL json_to_record(each.line) AS said (
        quantity bigint, unit_minor bigint, unit text, total_minor bigint, category text
    )
    CROSS JOIN LATERAL (
        SELECT coalesce((sale.kept ->> (each.number - 1)::int)::bigint, said.quantity)
    ) AS left_of (units)
    LEFT JOIN off ON sale.id = off.id AND each.number = off.number
    WHERE left_of.units > 0
)

SELECT
    line.account_id, scope.name, line.day, line.store_id, count(DISTINCT line.id),
    sum(CASE line.unit WHEN 'piece' THEN line.units ELSE 1 END), sum(line.amount)
FROM line
CROSS JOIN LATERAL (
    SELECT ''
    UNION ALL
    SELECT 'c:' || line.category WHERE line.category <> ''
) AS scope (name)
GROUP BY line.account_id, scope.name, line.day, line.store_id;
