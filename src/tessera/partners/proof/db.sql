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
