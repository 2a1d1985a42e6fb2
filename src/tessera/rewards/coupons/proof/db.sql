-- The proof of coupons. Each check yields sentences, none if all is well, 100 at most.
-- It reads tables of rooms above and below: whoever proves looks everywhere.

-- name: codes
-- A code is used as often as its uses say, and never more often than its order allows.
WITH used AS (
    SELECT code, count(*) AS uses FROM rewards.coupon_use
    WHERE code IS NOT NULL AND held_until IS NULL AND back_at IS NULL
    GROUP BY code
)

SELECT format(
    'coupon %s of batch %s: it says used %s of %s times, its uses say %s',
    coalesce(c.code, used.code), coalesce(c.batch::text, 'none'), coalesce(c.used, 0),
    coalesce(b.uses, 0), coalesce(used.uses, 0)
)
FROM (SELECT code, batch, used FROM rewards.coupon WHERE used > 0) AS c
LEFT JOIN rewards.coupon_batch AS b ON c.batch = b.number
FULL JOIN used ON c.code = used.code
WHERE coalesce(c.used, 0) <> coalesce(used.uses, 0)
ORDER BY 1
LIMIT 100;

-- name: kinds
-- A kind that is counted, as every kind is once it had a limit, is counted use by use; one that was
-- limited in every program that had it is counted.
WITH
limited AS (
    SELECT k.kind
    FROM program.version AS v
    CROSS JOIN LATERAL jsonb_each(v.body -> 'coupons') AS k (kind, said)
    GROUP BY k.kind
    HAVING bool_and(coalesce(k.said -> 'most', 'null') <> 'null')
    UNION
    SELECT c.kind FROM rewards.coupon_count AS c
),

used AS (
    SELECT kind, count(*) AS uses FROM rewards.coupon_use
    WHERE held_until IS NULL AND back_at IS NULL
    GROUP BY kind
)

SELECT format(
    'coupons of kind %s: %s uses are counted, there are %s', limited.kind, coalesce(c.used, 0),
    coalesce(used.uses, 0)
)
FROM limited
LEFT JOIN rewards.coupon_count AS c ON limited.kind = c.kind
LEFT JOIN used ON limited.kind = used.kind
WHERE coalesce(c.used, 0) <> coalesce(used.uses, 0)
ORDER BY 1
LIMIT 100;

-- name: uses
-- A use is of a sale whose rules of that kind gave what it says, as the sale stands after all
-- returns; it is given back where they give nothing any more.
WITH
decided AS (
    SELECT
        r.id, r.program_version AS version,
        coalesce(newest.story, convert_from(r.story, 'UTF8')::json) -> 'story' AS story
    FROM checkout.receipt AS r
    LEFT JOIN checkout.last_return AS newest ON r.id = newest.sale_id
    WHERE r.kind = 'sale' AND r.id IN (SELECT u.outcome_id FROM rewards.coupon_use AS u)
),

rule AS (
    SELECT v.version, r.said ->> 'id' AS id, r.said ->> 'coupon' AS kind
    FROM program.version AS v
    CROSS JOIN LATERAL jsonb_array_elements(v.body -> 'rules') AS r (said)
    WHERE r.said ->> 'coupon' <> ''
),

gave AS (
    SELECT
        d.id, rule.kind,
        coalesce(sum(e.given) FILTER (WHERE e.kind = 'discount'), 0) AS minor,
        coalesce(sum(e.given) FILTER (WHERE e.kind = 'points'), 0) AS points
    FROM decided AS d
    CROSS JOIN LATERAL json_to_recordset(d.story -> 'effects')
    AS e (rule text, kind text, given bigint)
    JOIN rule ON d.version = rule.version AND e.rule = rule.id
    WHERE e.given > 0
    GROUP BY d.id, rule.kind
)

SELECT format(
    'sale %s, coupon %s: its use says %s off and %s points%s, the sale says %s and %s%s',
    u.outcome_id, u.kind, u.minor, u.points, CASE WHEN u.back_at IS NULL THEN '' ELSE ', back' END,
    coalesce(gave.minor, 0), coalesce(gave.points, 0),
    CASE WHEN gave.id IS NULL THEN ', back' ELSE '' END
)
FROM rewards.coupon_use AS u
LEFT JOIN gave ON u.outcome_id = gave.id AND u.kind = gave.kind
WHERE u.held_until IS NULL AND (
    (u.back_at IS NULL) <> (gave.id IS NOT NULL) OR u.minor <> coalesce(gave.minor, 0)
    OR u.points <> coalesce(gave.points, 0)
)
ORDER BY 1
LIMIT 100;

-- name: given
-- No more codes of a sale are good than its rules give.
WITH
decided AS (
    SELECT r.id, coalesce(newest.story, convert_from(r.story, 'UTF8')::json) -> 'story' AS story
    FROM checkout.receipt AS r
    LEFT JOIN checkout.last_return AS newest ON r.id = newest.sale_id
    WHERE r.id IN (SELECT c.sale_id FROM rewards.coupon AS c)
    UNION ALL
    SELECT e.id, convert_from(e.story, 'UTF8')::json -> 'story'
    FROM checkout.event AS e
    WHERE e.id IN (SELECT c.sale_id FROM rewards.coupon AS c)
),

gave AS (
    SELECT d.id, e.item AS kind, e.rule, sum(e.given) AS pieces
    FROM decided AS d
    CROSS JOIN LATERAL json_to_recordset(d.story -> 'effects')
    AS e (rule text, kind text, item text, given bigint)
    WHERE e.kind = 'coupon'
    GROUP BY d.id, e.item, e.rule
),

good AS (
    SELECT c.sale_id AS id, b.kind, c.rule, count(*) AS codes
    FROM rewards.coupon AS c
    JOIN rewards.coupon_batch AS b ON c.batch = b.number
    WHERE c.sale_id IS NOT NULL AND c.void_at IS NULL AND c.owed_at IS NULL
    GROUP BY c.sale_id, b.kind, c.rule
)

SELECT format(
    'sale %s: %s coupons of kind %s are good, its rule %s gives %s', good.id, good.codes, good.kind,
    good.rule, coalesce(gave.pieces, 0)
)
FROM good
LEFT JOIN gave ON good.id = gave.id AND good.kind = gave.kind AND good.rule = gave.rule
WHERE good.codes > coalesce(gave.pieces, 0)
ORDER BY 1
LIMIT 100;
