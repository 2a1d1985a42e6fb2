-- The proof of budgets. Each check yields sentences, none if all is well, 100 at most.
-- It reads tables of rooms above and below: whoever proves looks everywhere.

-- name: counters
-- A counter is what the decisions of its period drew, as they stand after all returns and by the
-- program that made them, with what claims and prizes drew, and what came over with a merge.
WITH
version AS (
    SELECT version, body FROM program.version WHERE body -> 'budgets' <> '{}'
),

budget AS (
    SELECT
        v.version, b.code, b.said, coalesce(b.said ->> 'per', 'month') AS per,
        coalesce(b.said ->> 'by', 'all') AS whose,
        coalesce(b.said -> 'rules', '[]') = '[]' AND coalesce(b.said -> 'items', '[]') = '[]'
        AND coalesce(b.said -> 'campaigns', '[]') = '[]'
        AND coalesce(b.said -> 'rewards', '[]') = '[]'
        AND NOT coalesce((b.said ->> 'claims')::boolean, FALSE)
        AND NOT coalesce((b.said ->> 'referrals')::boolean, FALSE)
        AND NOT coalesce((b.said ->> 'boards')::boolean, FALSE) AS whole
    FROM version AS v
    CROSS JOIN LATERAL jsonb_each(v.body -> 'budgets') AS b (code, said)
),

rule AS (
    SELECT v.version, r.said ->> 'id' AS id, r.said ->> 'campaign' AS campaign
    FROM version AS v
    CROSS JOIN LATERAL jsonb_array_elements(v.body -> 'rules') AS r (said)
),

decided AS (
    SELECT
        r.program_version AS version, coalesce((said.facts ->> 'at')::timestamp, r.local_at)::date
            AS day,
        coalesce(nullif(said.facts ->> 'store', ''), r.store_id) AS store,
        coalesce(said.facts ->> 'region', '') AS region, replace(r.member_id::text, '-', '')
            AS member,
        coalesce(newest.story, said.story) -> 'story' AS story
    FROM checkout.receipt AS r
    JOIN version ON r.program_version = version.version
    CROSS JOIN LATERAL (SELECT convert_from(r.story, 'UTF8')::json) AS kept (said)
    CROSS JOIN LATERAL (SELECT kept.said, kept.said -> 'facts') AS said (story, facts)
    LEFT JOIN checkout.last_return AS newest ON r.id = newest.sale_id
    WHERE r.kind = 'sale' AND r.member_id IS NOT NULL
    UNION ALL
    SELECT
        e.program_version, e.local_at::date, e.store_id, coalesce(said.facts ->> 'region', ''),
        replace(e.member_id::text, '-', ''), said.story
    FROM checkout.event AS e
    JOIN version ON e.program_version = version.version
    CROSS JOIN LATERAL (SELECT convert_from(e.story, 'UTF8')::json) AS kept (said)
    CROSS JOIN LATERAL (SELECT kept.said -> 'story', kept.said -> 'facts') AS said (story, facts)
),

effect AS (
    SELECT
        d.version, d.day, d.store, d.region, d.member, e.rule, e.kind, coalesce(e.item, '') AS item,
        e.given,
        CASE
            WHEN e.kind = 'points' AND coalesce(e.unit, '') = ''
                THEN coalesce((v.body ->> 'point_minor_x100')::bigint, 100)
            WHEN e.kind = 'points' THEN coalesce(
                (v.body -> 'currencies' -> e.unit ->> 'point_minor_x100')::bigint, 0
            )
            WHEN e.kind IN ('discount', 'donation') THEN 100
            ELSE coalesce((v.body -> 'costs' ->> e.item)::bigint, 0) * 100
        END AS each_x100
    FROM decided AS d
    JOIN version AS v ON d.version = v.version
    CROSS JOIN LATERAL json_to_recordset(d.story -> 'effects')
    AS e (rule text, kind text, item text, unit text, given bigint)
    WHERE e.given <> 0 AND e.kind <> 'payment'
),

part AS (
    SELECT
        b.code, b.per, b.whose, e.day, e.store, e.region, e.member,
        least(e.given::numeric * e.each_x100, 1000000000000000)::bigint AS cost_x100,
        CASE e.kind WHEN 'points' THEN e.given ELSE 0 END AS points,
        CASE WHEN e.kind IN ('gift', 'coupon', 'ticket') THEN e.given ELSE 0 END AS pieces,
        0 AS turnover_minor
    FROM effect AS e
    JOIN rule ON e.version = rule.version AND e.rule = rule.id
    JOIN budget AS b ON e.version = b.version
    WHERE b.whole OR jsonb_exists(b.said -> 'rules', rule.id)
        OR jsonb_exists(b.said -> 'campaigns', nullif(rule.campaign, ''))
        OR jsonb_exists(b.said -> 'items', nullif(e.item, ''))
    UNION ALL
    SELECT
        b.code, b.per, b.whose, d.day, d.store, d.region, d.member, 0, 0, 0,
        (d.story ->> 'gross_minor')::bigint
    FROM decided AS d
    JOIN budget AS b ON d.version = b.version
    WHERE b.said -> 'turnover_percent_x100' IS NOT NULL
        AND b.said -> 'turnover_percent_x100' <> 'null'
),

share AS (
    SELECT
        p.code AS budget,
        CASE p.per WHEN 'ever' THEN '0001-01-01'::date ELSE date_trunc(p.per, p.day)::date END
            AS began,
        CASE p.whose
            WHEN 'store' THEN p.store WHEN 'region' THEN p.region WHEN 'member' THEN p.member
            ELSE ''
        END AS scope,
        p.cost_x100, p.points, p.pieces, p.turnover_minor
    FROM part AS p
    UNION ALL
    SELECT d.budget, d.began, d.scope, d.cost_x100, d.points, d.pieces, 0
    FROM budgets.drawn AS d
    WHERE d.back_at IS NULL
    UNION ALL
    SELECT
        j.budget, j.began, j.into_scope, j.cost_x100, j.points, j.pieces, j.turnover_minor
    FROM budgets.joined AS j
    WHERE j.parted_at IS NULL
),

reckoned AS (
    SELECT
        budget, began, scope, sum(cost_x100) AS cost_x100, sum(points) AS points,
        sum(pieces) AS pieces, sum(turnover_minor) AS turnover_minor
    FROM share
    GROUP BY budget, began, scope
)

SELECT format(
    'budget %s from %s "%s": its counter says cost %s, %s points, %s pieces of %s turned over,'
    || ' decisions and claims say %s, %s, %s of %s',
    coalesce(c.budget, r.budget), coalesce(c.began, r.began), coalesce(c.scope, r.scope),
    c.cost_x100, c.points, c.pieces, c.turnover_minor, r.cost_x100, r.points, r.pieces,
    r.turnover_minor
)
FROM budgets.counter AS c
FULL JOIN reckoned AS r ON c.budget = r.budget AND c.began = r.began AND c.scope = r.scope
WHERE
    (
        coalesce(c.cost_x100, 0), coalesce(c.points, 0), coalesce(c.pieces, 0),
        coalesce(c.turnover_minor, 0)
    ) <> (
        coalesce(r.cost_x100, 0), coalesce(r.points, 0), coalesce(r.pieces, 0),
        coalesce(r.turnover_minor, 0)
    )
ORDER BY 1
LIMIT 100;

-- name: kept
-- What a counter says is kept is what promises keep of it.
SELECT format(
    'budget %s from %s "%s": it says that %s, %s points, %s pieces are kept; promises keep %s, %s,'
    || ' %s', c.budget, c.began, c.scope, c.kept_cost_x100, c.kept_points, c.kept_pieces,
    coalesce(sum(k.cost_x100), 0), coalesce(sum(k.points), 0), coalesce(sum(k.pieces), 0)
)
FROM budgets.counter AS c
LEFT JOIN budgets.kept AS k
    ON c.budget = k.budget AND c.began = k.began AND c.scope = k.scope
GROUP BY c.budget, c.began, c.scope
HAVING
    (c.kept_cost_x100, c.kept_points, c.kept_pieces) <> (
        coalesce(sum(k.cost_x100), 0), coalesce(sum(k.points), 0), coalesce(sum(k.pieces), 0)
    )
ORDER BY 1
LIMIT 100;

-- name: days
-- The days of a period are together what its counters say, without what came over with a merge.
WITH
counted AS (
    SELECT budget, began, cost_x100, points, pieces FROM budgets.counter
    UNION ALL
    SELECT budget, began, -cost_x100, -points, -pieces FROM budgets.joined
    WHERE parted_at IS NULL
),

counter AS (
    SELECT
        budget, began, sum(cost_x100) AS cost_x100, sum(points) AS points, sum(pieces) AS pieces
    FROM counted
    GROUP BY budget, began
),

day AS (
    SELECT
        budget, began, sum(cost_x100) AS cost_x100, sum(points) AS points, sum(pieces) AS pieces
    FROM budgets.day
    GROUP BY budget, began
)

SELECT format(
    'budget %s from %s: its days say cost %s, %s points, %s pieces, its counters %s, %s, %s',
    coalesce(c.budget, d.budget), coalesce(c.began, d.began), d.cost_x100, d.points, d.pieces,
    c.cost_x100, c.points, c.pieces
)
FROM counter AS c
FULL JOIN day AS d ON c.budget = d.budget AND c.began = d.began
WHERE
    (coalesce(c.cost_x100, 0), coalesce(c.points, 0), coalesce(c.pieces, 0))
    <> (coalesce(d.cost_x100, 0), coalesce(d.points, 0), coalesce(d.pieces, 0))
ORDER BY 1
LIMIT 100;

-- name: claims
-- What a claim drew is its cost and one piece. It is given back with the claim, unless its piece is
-- out of the house; and with goods that nobody fetched, a coupon that nobody used in time.
WITH claim AS (
    SELECT
        c.id, c.kind, c.state, c.cost_minor,
        c.state = 'cancelled'
        OR (c.state = 'expired' AND c.money_minor > 0 AND c.paid_at IS NULL) AS undone,
        c.uses > 0 OR c.revealed_at IS NOT NULL OR EXISTS (
            SELECT FROM rewards.claim_step AS step
            WHERE step.claim_id = c.id AND step.did = 'sent'
        ) AS gone
    FROM rewards.claim AS c
)

SELECT format(
    'claim %s (%s): it cost %s, budget %s was drawn on for %s and %s pieces, given back: %s',
    d.source_id, claim.state, claim.cost_minor, d.budget, d.cost_x100, d.pieces,
    coalesce(d.back_at::text, 'no')
)
FROM budgets.drawn AS d
JOIN claim ON d.source_id = claim.id
WHERE d.cost_x100 <> least(claim.cost_minor::numeric * 100, 1000000000000000) OR d.pieces <> 1
    OR (d.back_at IS NOT NULL) <> CASE
        WHEN claim.undone THEN NOT claim.gone
        ELSE claim.state = 'expired' AND claim.kind IN ('goods', 'coupon')
    END
ORDER BY 1
LIMIT 100;

-- name: sources
-- Whoever drew besides receipts is a claim, one side of a payment for bringing somebody, a place on
-- a board, or a win among tickets.
SELECT format('budget %s was drawn on by %s, which is neither claim nor prize', budget, source_id)
FROM budgets.drawn AS d
WHERE NOT EXISTS (SELECT FROM rewards.claim AS c WHERE c.id = d.source_id)
    AND NOT EXISTS (
        SELECT FROM ledger.operation AS o
        WHERE o.id = d.source_id AND o.kind IN ('referral', 'prize') AND o.to_points = d.points
    )
    AND NOT EXISTS (
        SELECT FROM rewards.win AS w
        WHERE w.id = d.source_id AND w.label IS NOT NULL AND d.pieces = 1 AND d.back_at IS NULL
    )
ORDER BY 1
LIMIT 100;
