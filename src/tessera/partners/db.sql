-- partners: what was issued, redeemed and funded, and what it came to.

-- name: add_postings
-- What the operations of a batch mean for partners.
INSERT INTO partners.posting (
    outcome_id, partner, currency, store_id, issued, redeemed, funded, funded_minor, issued_x100,
    redeemed_x100, funded_x100, pieces, pieces_minor, posted_at
)
SELECT p.*, %b::timestamptz
FROM unnest(
    %b::uuid[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::bigint[],
    %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[]
) AS p (
    outcome_id, partner, currency, store_id, issued, redeemed, funded, funded_minor, issued_x100,
    redeemed_x100, funded_x100, pieces, pieces_minor
);

-- name: add_pieces
-- Gifts and coupons that are in them.
INSERT INTO partners.posting_piece (outcome_id, partner, item, cost_minor, pieces)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::bigint[]),
    unnest(%b::bigint[]);

-- name: lock_partner
-- One at a time; it ends with the transaction. Tills do not wait for it.
SELECT pg_advisory_xact_lock(hashtextextended('partner ' || %(partner)s::text, 0));

-- name: known
-- Partners of which anything is kept; there are few, found one after the other in the index.
WITH RECURSIVE seen AS (
    (SELECT p.partner FROM partners.posting AS p ORDER BY p.partner LIMIT 1)
    UNION ALL
    SELECT (
        SELECT p.partner FROM partners.posting AS p WHERE p.partner > seen.partner
        ORDER BY p.partner LIMIT 1
    )
    FROM seen WHERE seen.partner IS NOT NULL
)

SELECT seen.partner FROM seen WHERE seen.partner IS NOT NULL
UNION
SELECT a.partner FROM partners.adjustment AS a
ORDER BY 1;

-- name: open_points
-- What is in no statement, by currency.
SELECT
    count(*), p.currency, sum(p.issued)::bigint, sum(p.redeemed)::bigint, sum(p.funded)::bigint,
    sum(p.funded_minor)::bigint, sum(p.issued_x100)::bigint, sum(p.redeemed_x100)::bigint,
    sum(p.funded_x100)::bigint, sum(p.pieces)::bigint, sum(p.pieces_minor)::bigint
FROM partners.posting AS p
WHERE p.partner = %(partner)s AND p.statement_id IS NULL AND p.posted_at < %(before)s
GROUP BY p.currency
ORDER BY p.currency;

-- name: stated_points
-- What is in a statement, by currency.
SELECT
    count(*), p.currency, sum(p.issued)::bigint, sum(p.redeemed)::bigint, sum(p.funded)::bigint,
    sum(p.funded_minor)::bigint, sum(p.issued_x100)::bigint, sum(p.redeemed_x100)::bigint,
    sum(p.funded_x100)::bigint, sum(p.pieces)::bigint, sum(p.pieces_minor)::bigint
FROM partners.posting AS p
WHERE p.statement_id = %(statement)s
GROUP BY p.currency
ORDER BY p.currency;

-- name: open_pieces
-- Gifts and coupons that are in no statement: what one costs, and how many; none where all of a
-- kind came back.
SELECT g.item, g.cost_minor, sum(g.pieces)::bigint
FROM partners.posting AS p
JOIN partners.posting_piece AS g ON p.outcome_id = g.outcome_id AND p.partner = g.partner
WHERE p.partner = %(partner)s AND p.statement_id IS NULL AND p.posted_at < %(before)s
    AND p.currency = ''
GROUP BY g.item, g.cost_minor
HAVING sum(g.pieces) <> 0
ORDER BY g.item, g.cost_minor;

-- name: stated_pieces
-- Gifts and coupons that are in a statement.
SELECT g.item, g.cost_minor, sum(g.pieces)::bigint
FROM partners.posting AS p
JOIN partners.posting_piece AS g ON p.outcome_id = g.outcome_id AND p.partner = g.partner
WHERE p.statement_id = %(statement)s AND p.currency = ''
GROUP BY g.item, g.cost_minor
HAVING sum(g.pieces) <> 0
ORDER BY g.item, g.cost_minor;

-- name: pieces
-- Gifts and coupons of each statement of a partner.
SELECT p.statement_id, g.item, g.cost_minor, sum(g.pieces)::bigint
FROM partners.posting AS p
JOIN partners.posting_piece AS g ON p.outcome_id = g.outcome_id AND p.partner = g.partner
WHERE p.partner = %(partner)s AND p.statement_id IS NOT NULL AND p.currency = ''
GROUP BY p.statement_id, g.item, g.cost_minor
HAVING sum(g.pieces) <> 0
ORDER BY g.item, g.cost_minor;

-- name: oldest_open
-- The oldest posting that is in no statement.
SELECT p.posted_at
FROM partners.posting AS p
WHERE p.partner = %(partner)s AND p.statement_id IS NULL AND p.posted_at < %(before)s
ORDER BY p.posted_at
LIMIT 1;

-- name: open_adjustments
-- What was agreed besides and is in no statement.
SELECT a.id, a.minor, a.reason, a.posted_at
FROM partners.adjustment AS a
WHERE a.partner = %(partner)s AND a.statement_id IS NULL AND a.posted_at < %(before)s
ORDER BY a.id;

-- name: stated_adjustments
-- What was agreed besides and is in a statement.
SELECT a.id, a.minor, a.reason, a.posted_at
FROM partners.adjustment AS a
WHERE a.partner = %(partner)s AND a.statement_id = %(statement)s
ORDER BY a.id;

-- name: opening
-- What was less than a minor unit when the newest statement was made.
SELECT s.closing_x100 FROM partners.statement AS s
WHERE s.partner = %(partner)s
ORDER BY s.closed_at DESC, s.id DESC
LIMIT 1;

-- name: add_statement
-- A period is closed.
INSERT INTO partners.statement (
    id, partner, period, ends_at, postings, opening_x100, issued_x100, redeemed_x100,
    funded_x100, adjusted_minor, due_minor, closing_x100, principal_id, approval_id, closed_at
) VALUES (
    %(id)s, %(partner)s, %(period)s, %(ends_at)s, %(postings)s, %(opening)s, %(issued)s,
    %(redeemed)s, %(funded)s, %(adjusted)s, %(due)s, %(closing)s, %(principal)s, %(approval)s,
    %(now)s
);

-- name: add_points
-- What it says of one currency.
INSERT INTO partners.statement_points (
    statement_id, currency, issued, redeemed, funded, funded_minor, issued_x100, redeemed_x100,
    funded_x100, pieces, pieces_minor
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: state_postings
-- The next ones from a place on are in this statement from now on; the place of the last of them.
WITH due AS MATERIALIZED (
    SELECT p.outcome_id, p.currency, p.posted_at
    FROM partners.posting AS p
    WHERE p.partner = %(partner)s AND p.statement_id IS NULL AND p.posted_at < %(before)s
        AND (p.posted_at, p.outcome_id) >= (%(at)s::timestamptz, %(id)s::uuid)
    ORDER BY p.posted_at, p.outcome_id
    LIMIT %(most)s
),

stated AS (
    UPDATE partners.posting AS p SET statement_id = %(statement)s
    FROM due
    WHERE p.outcome_id = due.outcome_id AND p.partner = %(partner)s
        AND p.currency = due.currency
)

SELECT due.posted_at, due.outcome_id FROM due
ORDER BY due.posted_at DESC, due.outcome_id DESC
LIMIT 1;

-- name: state_adjustments
-- Likewise.
UPDATE partners.adjustment SET statement_id = %(statement)s
WHERE partner = %(partner)s AND statement_id IS NULL AND posted_at < %(before)s;

-- name: add_adjustment
-- What was agreed besides.
INSERT INTO partners.adjustment (
    id, partner, minor, reason, principal_id, approval_id, posted_at
) VALUES (
    %(id)s, %(partner)s, %(minor)s, %(reason)s, %(principal)s, %(approval)s, %(now)s
);

-- name: closed
-- The statements of a partner, the newest first: a dozen a year.
SELECT
    s.id, s.period, s.ends_at, s.postings, s.opening_x100, s.adjusted_minor, s.due_minor,
    s.closing_x100, s.closed_at, s.approval_id
FROM partners.statement AS s
WHERE s.partner = %(partner)s
ORDER BY s.closed_at DESC, s.id DESC;

-- name: points
-- What they say of each currency.
SELECT
    t.statement_id, t.currency, t.issued, t.redeemed, t.funded, t.funded_minor, t.issued_x100,
    t.redeemed_x100, t.funded_x100, t.pieces, t.pieces_minor
FROM partners.statement AS s
JOIN partners.statement_points AS t ON s.id = t.statement_id
WHERE s.partner = %(partner)s
ORDER BY t.currency;

-- name: adjustments
-- What was agreed besides and is in a statement.
SELECT a.statement_id, a.id, a.minor, a.reason, a.posted_at
FROM partners.adjustment AS a
WHERE a.partner = %(partner)s AND a.statement_id IS NOT NULL
ORDER BY a.id;

-- name: postings
-- Postings of a statement, or those in none, in the order of time, after one of them.
SELECT
    p.outcome_id, p.currency, p.store_id, p.posted_at, p.issued, p.redeemed, p.funded,
    p.funded_minor, p.issued_x100, p.redeemed_x100, p.funded_x100, p.pieces, p.pieces_minor
FROM partners.posting AS p
WHERE p.partner = %(partner)s
    AND p.statement_id IS NOT DISTINCT FROM %(statement)s::uuid
    AND (
        %(at)s::timestamptz IS NULL
        OR (p.posted_at, p.outcome_id, p.currency)
        > (%(at)s::timestamptz, %(id)s::uuid, %(currency)s::text)
    )
ORDER BY p.posted_at, p.outcome_id, p.currency
LIMIT %(most)s;
