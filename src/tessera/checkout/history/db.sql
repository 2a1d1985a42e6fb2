-- checkout.history: what accounts did, day by day, and running totals of busy ones.

-- name: add_days
-- What a batch of operations changes, each (account, scope, day, store) once. The accounts are
-- locked, so two batches never meet in a row.
INSERT INTO checkout.history_day AS h (account_id, scope, day, store_id, times, units, amount)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::date[]), unnest(%b::text[]),
    unnest(%b::integer[]), unnest(%b::bigint[]), unnest(%b::bigint[])
ON CONFLICT (account_id, scope, day, store_id) DO UPDATE SET
    times = h.times + excluded.times, units = h.units + excluded.units,
    amount = h.amount + excluded.amount;

-- name: drop_marks
-- Running totals that a change of an earlier day has overtaken.
DELETE FROM checkout.history_mark AS m
USING unnest(%b::uuid[], %b::date[]) AS late (account_id, day)
WHERE m.account_id = late.account_id AND m.day >= late.day;

-- name: move_days
-- Adds what an account did to the days of another, or takes it away again; both are locked.
INSERT INTO checkout.history_day AS h (account_id, scope, day, store_id, times, units, amount)
SELECT
    %(target)s, scope, day, store_id, times * %(sign)s, units * %(sign)s, amount * %(sign)s
FROM checkout.history_day
WHERE account_id = %(account)s
ON CONFLICT (account_id, scope, day, store_id) DO UPDATE SET
    times = h.times + excluded.times, units = h.units + excluded.units,
    amount = h.amount + excluded.amount;

-- name: drop_all_marks
-- Running totals of an account whose days have changed at large.
DELETE FROM checkout.history_mark WHERE account_id = %(target)s;

-- name: totals
-- Everything of a scope up to the end of a day: the newest mark and the days after it. What sums to
-- nothing has no row. Look-ups by key, whatever the planner thinks of young tables.
SELECT
    asked.n, coalesce(mark.times, 0) + tail.times, coalesce(mark.days, 0) + tail.days,
    coalesce(mark.units, 0) + tail.units, coalesce(mark.amount, 0) + tail.amount,
    coalesce(tail.last_day, mark.last_day), tail.length, mark.day
FROM unnest(%b::uuid[], %b::text[], %b::date[]) WITH ORDINALITY
AS asked (account_id, scope, day, n)
LEFT JOIN LATERAL (
    SELECT m.*
    FROM checkout.history_mark AS m
    WHERE m.account_id = asked.account_id AND m.scope = asked.scope AND m.day <= asked.day
    ORDER BY m.day DESC
    LIMIT 1
) AS mark ON TRUE
CROSS JOIN LATERAL (
    SELECT
        count(*) AS length, count(DISTINCT h.day) AS days, max(h.day) AS last_day,
        coalesce(sum(h.times), 0)::bigint AS times, coalesce(sum(h.units), 0)::bigint AS units,
        coalesce(sum(h.amount), 0)::bigint AS amount
    FROM checkout.history_day AS h
    WHERE h.account_id = asked.account_id AND h.scope = asked.scope AND h.day <= asked.day
        AND h.day > coalesce(mark.day, '-infinity') AND h.times > 0
) AS tail
WHERE mark.day IS NOT NULL OR tail.length > 0;

-- name: add_marks
-- Totals up to the end of these days, from the mark before each and the days after that.
INSERT INTO checkout.history_mark (
    account_id, scope, day, times, days, units, amount, last_day, stores, visits
)
SELECT
    asked.account_id, asked.scope, asked.day, coalesce(mark.times, 0) + tail.times,
    coalesce(mark.days, 0) + tail.days, coalesce(mark.units, 0) + tail.units,
    coalesce(mark.amount, 0) + tail.amount, coalesce(tail.last_day, mark.last_day),
    coalesce(been.stores, '{}'), coalesce(been.visits, '{}')
FROM unnest(%b::uuid[], %b::text[], %b::date[]) AS asked (account_id, scope, day)
LEFT JOIN LATERAL (
    SELECT m.*
    FROM checkout.history_mark AS m
    WHERE m.account_id = asked.account_id AND m.scope = asked.scope AND m.day <= asked.day
    ORDER BY m.day DESC
    LIMIT 1
) AS mark ON TRUE
CROSS JOIN LATERAL (
    SELECT
        count(DISTINCT h.day) AS days, max(h.day) AS last_day,
        coalesce(sum(h.times), 0) AS times, coalesce(sum(h.units), 0) AS units,
        coalesce(sum(h.amount), 0) AS amount
    FROM checkout.history_day AS h
    WHERE h.account_id = asked.account_id AND h.scope = asked.scope AND h.day <= asked.day
        AND h.day > coalesce(mark.day, '-infinity') AND h.times > 0
) AS tail
CROSS JOIN LATERAL (
    SELECT array_agg(last.store_id) AS stores, array_agg(last.day) AS visits
    FROM (
        SELECT visit.store_id, max(visit.day) AS day
        FROM (
            SELECT store_id, day
            FROM unnest(mark.stores, mark.visits) AS before (store_id, day)
            UNION ALL
            SELECT h.store_id, h.day
            FROM checkout.history_day AS h
            WHERE h.account_id = asked.account_id AND h.scope = asked.scope
                AND h.day <= asked.day AND h.day > coalesce(mark.day, '-infinity') AND h.times > 0
        ) AS visit
        GROUP BY visit.store_id
    ) AS last
) AS been
ON CONFLICT DO NOTHING;

-- name: stores
-- At how many stores an account was between two days: the last visit of each up to the second one
-- is not before the first one.
SELECT asked.n, count(*)
FROM unnest(%b::uuid[], %b::text[], %b::date[], %b::date[]) WITH ORDINALITY
AS asked (account_id, scope, first, last, n)
LEFT JOIN LATERAL (
    SELECT m.*
    FROM checkout.history_mark AS m
    WHERE m.account_id = asked.account_id AND m.scope = asked.scope AND m.day <= asked.last
    ORDER BY m.day DESC
    LIMIT 1
) AS mark ON TRUE
CROSS JOIN LATERAL (
    SELECT before.store_id
    FROM unnest(mark.stores, mark.visits) AS before (store_id, day)
    WHERE before.day >= asked.first
    UNION
    SELECT h.store_id
    FROM checkout.history_day AS h
    WHERE h.account_id = asked.account_id AND h.scope = asked.scope AND h.day >= asked.first
        AND h.day <= asked.last AND h.day > coalesce(mark.day, '-infinity') AND h.times > 0
) AS been
WHERE been.store_id <> ''
GROUP BY asked.n;

-- name: categories
-- Of how many categories an account bought between two days: from one category to the next, each
-- asked once, however many days it was bought on.
SELECT asked.n, found.categories
FROM unnest(%b::uuid[], %b::date[], %b::date[]) WITH ORDINALITY
AS asked (account_id, first, last, n)
CROSS JOIN LATERAL (
    WITH RECURSIVE category AS (
        (
            SELECT h.scope FROM checkout.history_day AS h
            WHERE h.account_id = asked.account_id AND h.scope > 'c:' AND h.scope < 'c;'
            ORDER BY h.scope
            LIMIT 1
        )
        UNION ALL
        SELECT following.scope
        FROM category
        CROSS JOIN LATERAL (
            SELECT h.scope FROM checkout.history_day AS h
            WHERE h.account_id = asked.account_id AND h.scope > category.scope AND h.scope < 'c;'
            ORDER BY h.scope
            LIMIT 1
        ) AS following
    )

    SELECT count(*) AS categories
    FROM category
    CROSS JOIN LATERAL (
        SELECT FROM checkout.history_day AS h
        WHERE h.account_id = asked.account_id AND h.scope = category.scope
            AND h.day >= asked.first AND h.day <= asked.last AND h.times > 0
        LIMIT 1
    ) AS bought
) AS found;

-- name: runs
-- How many periods (week, month) in a row have a day of the scope, backwards from the one that the
-- last day is in; that one may still lack its day. One look-up each, however many days it has.
SELECT asked.n, found.periods
FROM (
    SELECT
        a.*, date_trunc(a.period, a.last::timestamp)::date AS began,
        CASE a.period WHEN 'week' THEN interval '7 days' ELSE interval '1 month' END AS length
    FROM unnest(%b::uuid[], %b::text[], %b::date[], %b::date[], %b::text[]) WITH ORDINALITY
    AS a (account_id, scope, first, last, period, n)
) AS asked
CROSS JOIN LATERAL (
    WITH RECURSIVE run AS (
        (
            SELECT at.began, 1 AS periods
            FROM (
                VALUES (asked.began, asked.last),
                ((asked.began - asked.length)::date, asked.began - 1)
            ) AS at (began, ended)
            CROSS JOIN LATERAL (
                SELECT FROM checkout.history_day AS h
                WHERE h.account_id = asked.account_id AND h.scope = asked.scope AND h.times > 0
                    AND h.day >= greatest(at.began, asked.first) AND h.day <= at.ended
                LIMIT 1
            ) AS bought
            ORDER BY at.began DESC
            LIMIT 1
        )
        UNION ALL
        SELECT (run.began - asked.length)::date, run.periods + 1
        FROM run
        CROSS JOIN LATERAL (
            SELECT FROM checkout.history_day AS h
            WHERE h.account_id = asked.account_id AND h.scope = asked.scope AND h.times > 0
                AND h.day >= greatest((run.began - asked.length)::date, asked.first)
                AND h.day < run.began
            LIMIT 1
        ) AS bought
    )

    SELECT coalesce(max(run.periods), 0) AS periods FROM run
) AS found;
