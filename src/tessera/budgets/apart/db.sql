-- budgets.apart: what was drawn besides receipts.

-- name: add_drawn
-- What some sources drew.
INSERT INTO budgets.drawn (
    source_id, budget, began, scope, day, funding, cost_x100, points, pieces, drawn_at
)
SELECT d.*, %(now)s FROM unnest(
    %(sources)s::uuid[], %(budgets)s::text[], %(began)s::date[], %(scopes)s::text[],
    %(days)s::date[], %(funding)s::text[], %(costs)s::bigint[], %(points)s::bigint[],
    %(pieces)s::bigint[]
) AS d;

-- name: give_back
-- All that these sources drew is given back, once; each row is told to who takes it.
UPDATE budgets.drawn SET back_at = %(now)s
WHERE source_id = ANY(%(sources)s::uuid[]) AND back_at IS NULL
RETURNING source_id, budget, began, scope, day, funding, cost_x100, points, pieces;

-- name: join
-- What a number's own counters say counts at another's too, and is noted, to be undone.
WITH came AS (
    SELECT budget, began, cost_x100, points, pieces, turnover_minor
    FROM budgets.counter
    WHERE scope = %(scope)s AND (began < %(ever)s OR began >= %(since)s)
        AND (cost_x100, points, pieces, turnover_minor) <> (0, 0, 0, 0)
), noted AS (
    INSERT INTO budgets.joined (
        merge_id, budget, began, scope, into_scope, cost_x100, points, pieces, turnover_minor,
        joined_at
    )
    SELECT
        %(merge)s, budget, began, %(scope)s, %(target)s, cost_x100, points, pieces, turnover_minor,
        %(now)s
    FROM came
)

INSERT INTO budgets.counter AS c (
    budget, began, scope, cost_x100, points, pieces, turnover_minor
)
SELECT budget, began, %(target)s, cost_x100, points, pieces, turnover_minor
FROM came
ORDER BY budget, began
ON CONFLICT (budget, began, scope) DO UPDATE SET
    cost_x100 = c.cost_x100 + excluded.cost_x100, points = c.points + excluded.points,
    pieces = c.pieces + excluded.pieces,
    turnover_minor = c.turnover_minor + excluded.turnover_minor;

-- name: part
-- It counts there no more. Whether anything is used up is seen at the next drawing.
WITH gone AS (
    UPDATE budgets.joined SET parted_at = %(now)s
    WHERE merge_id = %(merge)s AND parted_at IS NULL
    RETURNING budget, began, into_scope, cost_x100, points, pieces, turnover_minor
)

UPDATE budgets.counter AS c
SET
    cost_x100 = c.cost_x100 - gone.cost_x100, points = c.points - gone.points,
    pieces = c.pieces - gone.pieces, turnover_minor = c.turnover_minor - gone.turnover_minor,
    used_up_at = NULL, told = FALSE
FROM gone
WHERE c.budget = gone.budget AND c.began = gone.began AND c.scope = gone.into_scope;
