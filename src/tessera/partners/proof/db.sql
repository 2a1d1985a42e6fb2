-- The proof of partners. Each check yields sentences, none if all is well, 100 at most.
-- It reads tables of rooms above and below: whoever proves looks everywhere.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM partners.posting;

-- name: points
-- Of whatever was done in a partner's store, by the program that decided it: what its postings say
-- was issued, funded and redeemed is what its moves say, in each currency.
WITH
of_store AS (
    SELECT v.version, stores.store
    FROM program.version AS v
    CROSS JOIN LATERAL jsonb_each(coalesce(v.body -> 'partners', '{}')) AS p (code, said)
    CROSS JOIN LATERAL jsonb_array_elements_text(coalesce(p.said -> 'stores', '[]'))
        AS stores (store)
),

taken AS (
    SELECT r.id
    FROM checkout.receipt AS r
    LEFT JOIN checkout.receipt AS sale ON r.sale_id = sale.id
    JOIN of_store
        ON r.program_version = of_store.version
            AND coalesce(sale.store_id, r.store_id) = of_store.store
    UNION
    SELECT e.id
    FROM checkout.event AS e
    JOIN of_store ON e.program_version = of_store.version AND e.store_id = of_store.store
),

moved AS (
    SELECT
        taken.id, a.currency,
        sum(
            CASE
                WHEN m.source IN ('issued', 'reversed') THEN m.points
                WHEN m.target IN ('issued', 'reversed') THEN -m.points
                ELSE 0
            END
        ) AS earned,
        sum(CASE 'spent' WHEN m.target THEN m.points WHEN m.source THEN -m.points ELSE 0 END)
            AS spent
    FROM taken
    JOIN ledger.move AS m ON taken.id = m.outcome_id
    JOIN ledger.account AS a ON m.account_id = a.id
    GROUP BY taken.id, a.currency
),

posted AS (
    SELECT
        p.outcome_id AS id, p.currency, sum(p.issued + p.funded) AS earned,
        sum(p.redeemed) AS spent
    FROM partners.posting AS p
    JOIN taken ON p.outcome_id = taken.id
    GROUP BY p.outcome_id, p.currency
)

SELECT format(
    'operation %s at a partner (currency "%s"): partners were charged for %s points earned and %s'
    || ' spent, its moves say %s and %s',
    coalesce(moved.id, posted.id), coalesce(moved.currency, posted.currency),
    coalesce(posted.earned, 0), coalesce(posted.spent, 0), coalesce(moved.earned, 0),
    coalesce(moved.spent, 0)
)
FROM moved
FULL JOIN posted ON moved.id = posted.id AND moved.currency = posted.currency
WHERE coalesce(moved.earned, 0) <> coalesce(posted.earned, 0)
    OR coalesce(moved.spent, 0) <> coalesce(posted.spent, 0)
ORDER BY coalesce(moved.id, posted.id)
LIMIT 100;

-- name: pieces
-- Gifts and coupons that a posting charges are those that are listed for it.
SELECT format(
    'posting %s of partner %s: %s pieces for %s are charged, %s for %s are listed',
    coalesce(p.outcome_id, g.outcome_id), coalesce(p.partner, g.partner), coalesce(p.pieces, 0),
    coalesce(p.pieces_minor, 0), coalesce(g.pieces, 0), coalesce(g.minor, 0)
)
FROM (SELECT * FROM partners.posting WHERE currency = '') AS p
FULL JOIN (
    SELECT outcome_id, partner, sum(pieces) AS pieces, sum(pieces * cost_minor) AS minor
    FROM partners.posting_piece
    GROUP BY outcome_id, partner
) AS g ON p.outcome_id = g.outcome_id AND p.partner = g.partner
WHERE coalesce(p.pieces, 0) <> coalesce(g.pieces, 0)
    OR coalesce(p.pieces_minor, 0) <> coalesce(g.minor, 0)
ORDER BY 1
LIMIT 100;

-- name: funded_pieces
-- Of a sale and its returns as many gifts and coupons are charged to a partner as the rules that it
-- pays for give, as the sale stands now.
WITH
funder AS (
    SELECT v.version, r.said ->> 'id' AS rule, r.said ->> 'funder' AS partner
    FROM program.version AS v
    CROSS JOIN LATERAL jsonb_array_elements(v.body -> 'rules') AS r (said)
    WHERE r.said ->> 'funder' <> ''
),

decided AS (
    SELECT
        r.id, r.program_version AS version,
        coalesce(newest.story, convert_from(r.story, 'UTF8')::json) -> 'story' AS story
    FROM checkout.receipt AS r
    LEFT JOIN checkout.last_return AS newest ON r.id = newest.sale_id
    WHERE r.kind = 'sale' AND r.program_version IN (SELECT f.version FROM funder AS f)
    UNION ALL
    SELECT e.id, e.program_version, convert_from(e.story, 'UTF8')::json -> 'story'
    FROM checkout.event AS e
    WHERE e.program_version IN (SELECT f.version FROM funder AS f)
),

gave AS (
    SELECT d.id, f.partner, e.item, sum(e.given) AS pieces
    FROM decided AS d
    CROSS JOIN LATERAL json_to_recordset(d.story -> 'effects')
    AS e (rule text, kind text, item text, given bigint)
    JOIN funder AS f ON d.version = f.version AND e.rule = f.rule
    WHERE e.kind IN ('gift', 'coupon')
    GROUP BY d.id, f.partner, e.item
    HAVING sum(e.given) <> 0
),

charged AS (
    SELECT coalesce(r.sale_id, g.outcome_id) AS id, g.partner, g.item, sum(g.pieces) AS pieces
    FROM partners.posting_piece AS g
    LEFT JOIN checkout.receipt AS r ON g.outcome_id = r.id
    GROUP BY coalesce(r.sale_id, g.outcome_id), g.partner, g.item
    HAVING sum(g.pieces) <> 0
)

SELECT format(
    'operation %s: partner %s is charged for %s %s, its rules gave %s', coalesce(c.id, gave.id),
    coalesce(c.partner, gave.partner), coalesce(c.pieces, 0), coalesce(c.item, gave.item),
    coalesce(gave.pieces, 0)
)
FROM charged AS c
FULL JOIN gave ON c.id = gave.id AND c.partner = gave.partner AND c.item = gave.item
WHERE coalesce(c.pieces, 0) <> coalesce(gave.pieces, 0)
ORDER BY 1
LIMIT 100;

-- name: strays
-- A posting is of an operation of the checkout.
SELECT format('posting of partner %s: there is no operation %s', p.partner, p.outcome_id)
FROM partners.posting AS p
WHERE NOT EXISTS (SELECT FROM checkout.receipt AS r WHERE r.id = p.outcome_id)
    AND NOT EXISTS (SELECT FROM checkout.event AS e WHERE e.id = p.outcome_id)
ORDER BY p.outcome_id
LIMIT 100;

-- name: statements
-- A statement says what is in it.
WITH
posted AS (
    SELECT
        p.statement_id AS id, count(*) AS postings, sum(p.issued_x100) AS issued,
        sum(p.redeemed_x100) AS redeemed, sum(p.funded_x100) AS funded
    FROM partners.posting AS p
    WHERE p.statement_id IS NOT NULL
    GROUP BY p.statement_id
),

adjusted AS (
    SELECT a.statement_id AS id, sum(a.minor) AS minor
    FROM partners.adjustment AS a
    WHERE a.statement_id IS NOT NULL
    GROUP BY a.statement_id
)

SELECT format(
    'statement %s of partner %s: it says %s postings for %s, %s, %s and %s besides; there are %s'
    || ' for %s, %s, %s and %s',
    s.period, s.partner, s.postings, s.issued_x100, s.redeemed_x100, s.funded_x100,
    s.adjusted_minor, coalesce(posted.postings, 0), coalesce(posted.issued, 0),
    coalesce(posted.redeemed, 0), coalesce(posted.funded, 0), coalesce(adjusted.minor, 0)
)
FROM partners.statement AS s
LEFT JOIN posted ON s.id = posted.id
LEFT JOIN adjusted ON s.id = adjusted.id
WHERE s.postings <> coalesce(posted.postings, 0) OR s.issued_x100 <> coalesce(posted.issued, 0)
    OR s.redeemed_x100 <> coalesce(posted.redeemed, 0)
    OR s.funded_x100 <> coalesce(posted.funded, 0)
    OR s.adjusted_minor <> coalesce(adjusted.minor, 0)
ORDER BY s.id
LIMIT 100;

-- name: openings
-- What a statement leaves open begins the next one.
WITH steps AS (
    SELECT
        s.partner, s.period, s.opening_x100,
        lag(s.closing_x100, 1, 0::bigint) OVER (PARTITION BY s.partner ORDER BY s.closed_at, s.id)
            AS before
    FROM partners.statement AS s
)

SELECT format(
    'statement %s of partner %s opens with %s hundredths, the one before left %s', period, partner,
    opening_x100, before
)
FROM steps
WHERE opening_x100 <> before
ORDER BY partner, period
LIMIT 100;
