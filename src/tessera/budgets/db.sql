-- name: read
-- Counters as they are; what promises keep that are long over is not kept any more.
SELECT
    c.budget, c.began, c.scope, c.cost_x100, c.points, c.pieces, c.turnover_minor,
    c.kept_cost_x100 - coalesce(gone.cost_x100, 0),
    c.kept_points - coalesce(gone.points, 0),
    c.kept_pieces - coalesce(gone.pieces, 0),
    c.warned_at IS NOT NULL, c.used_up_at IS NOT NULL
FROM unnest(%b::text[], %b::date[], %b::text[]) AS asked (budget, began, scope)
JOIN budgets.counter AS c USING (budget, began, scope)
LEFT JOIN LATERAL (
    SELECT
        sum(k.cost_x100)::bigint AS cost_x100, sum(k.points)::bigint AS points,
        sum(k.pieces)::bigint AS pieces
    FROM budgets.kept AS k
    WHERE
        (c.kept_cost_x100 <> 0 OR c.kept_points <> 0 OR c.kept_pieces <> 0)
        AND k.budget = c.budget AND k.began = c.began AND k.scope = c.scope AND k.deadline <= %b
) AS gone ON TRUE;

-- name: open
-- Counters begin when they are first drawn on; the order keeps two writers from a deadlock.
INSERT INTO budgets.counter (budget, began, scope)
SELECT budget, began, scope
FROM unnest(%b::text[], %b::date[], %b::text[]) AS wanted (budget, began, scope)
ORDER BY budget, began, scope
ON CONFLICT DO NOTHING;

-- name: lock
-- Locks in the order of keys. What is read or written comes in later statements.
SELECT c.budget FROM budgets.counter AS c
JOIN unnest(%b::text[], %b::date[], %b::text[]) AS asked (budget, began, scope)
    USING (budget, began, scope)
ORDER BY c.budget, c.began, c.scope
FOR NO KEY UPDATE OF c;

-- name: lock_free
-- The same for a sweeper: what somebody has locked is left out.
SELECT c.budget, c.began, c.scope FROM budgets.counter AS c
JOIN unnest(%b::text[], %b::date[], %b::text[]) AS asked (budget, began, scope)
    USING (budget, began, scope)
ORDER BY c.budget, c.began, c.scope
FOR NO KEY UPDATE OF c SKIP LOCKED;

-- name: kept_of
-- What promises keep, by their quotes.
SELECT quote_id, budget, began, scope, cost_x100, points, pieces, deadline
FROM budgets.kept
WHERE quote_id = ANY(%b::uuid[]);

-- name: end_kept
-- Promises end: what they kept is free. Only who takes the row away gives it back, so that it is
-- given back once. The counters are locked by now.
WITH gone AS (
    DELETE FROM budgets.kept WHERE quote_id = ANY(%b::uuid[])
    RETURNING budget, began, scope, cost_x100, points, pieces
), sums AS (
    SELECT budget, began, scope, sum(cost_x100) AS cost_x100, sum(points) AS points,
        sum(pieces) AS pieces
    FROM gone
    GROUP BY budget, began, scope
)
UPDATE budgets.counter AS c
SET
    kept_cost_x100 = c.kept_cost_x100 - sums.cost_x100,
    kept_points = c.kept_points - sums.points, kept_pieces = c.kept_pieces - sums.pieces
FROM sums
WHERE c.budget = sums.budget AND c.began = sums.began AND c.scope = sums.scope;

-- name: end_overdue
-- The same for the promises of these counters whose time is long over.
WITH gone AS (
    DELETE FROM budgets.kept
    USING unnest(%b::text[], %b::date[], %b::text[]) AS asked (budget, began, scope)
    WHERE kept.budget = asked.budget AND kept.began = asked.began AND kept.scope = asked.scope
        AND kept.deadline <= %b
    RETURNING kept.budget, kept.began, kept.scope, kept.cost_x100, kept.points, kept.pieces
), sums AS (
    SELECT budget, began, scope, sum(cost_x100) AS cost_x100, sum(points) AS points,
        sum(pieces) AS pieces
    FROM gone
    GROUP BY budget, began, scope
)
UPDATE budgets.counter AS c
SET
    kept_cost_x100 = c.kept_cost_x100 - sums.cost_x100,
    kept_points = c.kept_points - sums.points, kept_pieces = c.kept_pieces - sums.pieces,
    used_up_at = NULL, told = FALSE
FROM sums
WHERE c.budget = sums.budget AND c.began = sums.began AND c.scope = sums.scope;

-- name: overdue
-- Counters of which such promises still keep something, for the sweeper.
SELECT DISTINCT budget, began, scope FROM budgets.kept
WHERE deadline <= %b
LIMIT %b;

-- name: draw
-- Each draws, unless that would pass a ceiling: then the transaction ends with `TB001`. `free` are
-- those that the decision had locked, so that it knew all there was to know.
WITH d AS (
    SELECT
        unnest(%b::text[]) AS budget, unnest(%b::date[]) AS began, unnest(%b::text[]) AS scope,
        unnest(%b::bigint[]) AS cost_x100, unnest(%b::bigint[]) AS points,
        unnest(%b::bigint[]) AS pieces, unnest(%b::bigint[]) AS turnover_minor,
        unnest(%b::bigint[]) AS kept_cost_x100, unnest(%b::bigint[]) AS kept_points,
        unnest(%b::bigint[]) AS kept_pieces, unnest(%b::boolean[]) AS warns,
        unnest(%b::boolean[]) AS used_up, unnest(%b::boolean[]) AS freed,
        unnest(%b::boolean[]) AS free, unnest(%b::bigint[]) AS most_x100,
        unnest(%b::bigint[]) AS most_points, unnest(%b::bigint[]) AS most_pieces,
        unnest(%b::bigint[]) AS percent_x100, unnest(%b::timestamptz[]) AS now
), drawn AS (
    UPDATE budgets.counter AS c
    SET
        cost_x100 = c.cost_x100 + d.cost_x100, points = c.points + d.points,
        pieces = c.pieces + d.pieces, turnover_minor = c.turnover_minor + d.turnover_minor,
        kept_cost_x100 = c.kept_cost_x100 + d.kept_cost_x100,
        kept_points = c.kept_points + d.kept_points, kept_pieces = c.kept_pieces + d.kept_pieces,
        warned_at = CASE WHEN d.warns THEN coalesce(c.warned_at, d.now) ELSE c.warned_at END,
        used_up_at = CASE
            WHEN d.used_up THEN coalesce(c.used_up_at, d.now) WHEN d.freed THEN NULL
            ELSE c.used_up_at
        END,
        told = c.told AND NOT (d.freed AND NOT d.used_up)
    FROM d
    WHERE
        c.budget = d.budget AND c.began = d.began AND c.scope = d.scope
        AND (d.free OR (
            (
                d.most_x100 IS NULL OR d.cost_x100 + d.kept_cost_x100 <= 0
                OR c.cost_x100 + c.kept_cost_x100 + d.cost_x100 + d.kept_cost_x100 <= d.most_x100
            )
            AND (
                d.most_points IS NULL OR d.points + d.kept_points <= 0
                OR c.points + c.kept_points + d.points + d.kept_points <= d.most_points
            )
            AND (
                d.most_pieces IS NULL OR d.pieces + d.kept_pieces <= 0
                OR c.pieces + c.kept_pieces + d.pieces + d.kept_pieces <= d.most_pieces
            )
            AND (
                d.percent_x100 IS NULL OR d.cost_x100 + d.kept_cost_x100 <= 0
                OR (c.cost_x100 + c.kept_cost_x100 + d.cost_x100 + d.kept_cost_x100)::numeric * 100
                <= d.percent_x100::numeric * (c.turnover_minor + d.turnover_minor)
            )
        ))
    RETURNING c.budget
)
SELECT budgets.require_all((SELECT count(*) FROM d), (SELECT count(*) FROM drawn));

-- name: add_kept
-- What new promises keep.
INSERT INTO budgets.kept (quote_id, budget, began, scope, cost_x100, points, pieces, deadline)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::date[]), unnest(%b::text[]),
    unnest(%b::bigint[]), unnest(%b::bigint[]), unnest(%b::bigint[]), unnest(%b::timestamptz[]);

-- name: add_days
-- What was drawn on each day, by who pays for it; the order keeps two writers from a deadlock.
INSERT INTO budgets.day AS d (budget, began, day, funding, cost_x100, points, pieces)
SELECT * FROM unnest(
    %b::text[], %b::date[], %b::date[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[]
) AS new (budget, began, day, funding, cost_x100, points, pieces)
ORDER BY budget, began, day, funding
ON CONFLICT (budget, began, day, funding) DO UPDATE SET
    cost_x100 = d.cost_x100 + excluded.cost_x100, points = d.points + excluded.points,
    pieces = d.pieces + excluded.pieces;

-- name: sums
-- What is drawn on each budget in its period, all scopes together; how many are used up. Members
-- are 32 digits of base 16; what the budget counted for others is left out.
SELECT
    c.budget, sum(c.cost_x100)::bigint, sum(c.points)::bigint, sum(c.pieces)::bigint,
    sum(c.turnover_minor)::bigint, sum(c.kept_cost_x100)::bigint, sum(c.kept_points)::bigint,
    sum(c.kept_pieces)::bigint, count(*), count(c.used_up_at), min(c.used_up_at), min(c.warned_at)
FROM unnest(%b::text[], %b::date[], %b::text[]) AS asked (budget, began, whose)
JOIN budgets.counter AS c USING (budget, began)
WHERE
    CASE asked.whose
        WHEN 'all' THEN c.scope = '' WHEN 'member' THEN length(c.scope) = 32
        ELSE length(c.scope) < 32 OR c.scope !~ '^[0-9a-f]{32}$'
    END
GROUP BY c.budget;

-- name: days
-- A budget's days in a period.
SELECT day, funding, cost_x100, points, pieces FROM budgets.day
WHERE budget = %(budget)s AND began = %(began)s
ORDER BY day, funding;

-- name: fullest
-- The scopes of a budget in a period that have drawn most.
SELECT scope, cost_x100, points, pieces, turnover_minor, used_up_at FROM budgets.counter
WHERE
    budget = %(budget)s AND began = %(began)s
    AND CASE %(whose)s
        WHEN 'all' THEN scope = '' WHEN 'member' THEN length(scope) = 32
        ELSE length(scope) < 32 OR scope !~ '^[0-9a-f]{32}$'
    END
ORDER BY cost_x100 DESC, points DESC, pieces DESC, scope
LIMIT %(most)s;

-- name: used_up
-- What ran out and nobody was told of yet: told now, once.
UPDATE budgets.counter SET told = TRUE
WHERE used_up_at IS NOT NULL AND NOT told
RETURNING budget, began, scope;

-- name: count_used_up
-- How many counters of these budgets and periods are used up.
SELECT count(*)
FROM unnest(%b::text[], %b::date[], %b::text[]) AS asked (budget, began, whose)
JOIN budgets.counter AS c USING (budget, began)
WHERE
    c.used_up_at IS NOT NULL
    AND CASE asked.whose
        WHEN 'all' THEN c.scope = '' WHEN 'member' THEN length(c.scope) = 32
        ELSE length(c.scope) < 32 OR c.scope !~ '^[0-9a-f]{32}$'
    END;

-- name: stale
-- Counters whose mark is not what these ceilings want: full without one, or with room again and
-- with one from before them.
SELECT c.budget, c.began, c.scope, is_now.filled
FROM unnest(
    %b::text[], %b::date[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[]
) AS asked (budget, began, whose, most_x100, most_points, most_pieces, percent_x100)
JOIN budgets.counter AS c USING (budget, began)
CROSS JOIN LATERAL (
    SELECT
        coalesce(c.cost_x100 + c.kept_cost_x100 >= asked.most_x100, FALSE)
        OR coalesce(c.points + c.kept_points >= asked.most_points, FALSE)
        OR coalesce(c.pieces + c.kept_pieces >= asked.most_pieces, FALSE)
        OR coalesce(
            c.cost_x100 + c.kept_cost_x100 > 0
            AND (c.cost_x100 + c.kept_cost_x100)::numeric * 100
            >= asked.percent_x100::numeric * c.turnover_minor, FALSE
        ) AS filled
) AS is_now
WHERE
    CASE WHEN is_now.filled THEN c.used_up_at IS NULL ELSE c.used_up_at < %b END
    AND CASE asked.whose
        WHEN 'all' THEN c.scope = '' WHEN 'member' THEN length(c.scope) = 32
        ELSE length(c.scope) < 32 OR c.scope !~ '^[0-9a-f]{32}$'
    END
ORDER BY c.budget, c.began, c.scope
LIMIT %b;

-- name: mark
-- These are used up, or not, from now on; whichever it is will be told anew. They are locked.
UPDATE budgets.counter AS c
SET used_up_at = CASE WHEN m.filled THEN %b::timestamptz END, told = FALSE
FROM unnest(%b::text[], %b::date[], %b::text[], %b::boolean[]) AS m (budget, began, scope, filled)
WHERE c.budget = m.budget AND c.began = m.began AND c.scope = m.scope;
