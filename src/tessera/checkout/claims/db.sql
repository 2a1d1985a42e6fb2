-- claims: receipts that prove whose card it is.

-- name: sold
-- Whether this account has such a sale, not older than an instant: number, day of the store, and a
-- total that stands on the slip, before what Tessera gave or after it.
SELECT TRUE
FROM checkout.receipt AS r
WHERE
    r.account_id = %(account)s
    AND r.happened_at >= %(since)s
    AND r.kind = 'sale'
    AND r.number = %(number)s
    AND r.business_date = %(day)s
    AND %(total_minor)s IN (r.gross_minor, r.to_pay_minor)
LIMIT 1;

-- name: began_in
-- Whether the first that was posted for these accounts was a receipt or an event of one of these
-- stores; no row: nothing was. By id, which grows as things are posted: a day can be said. Points
-- that somebody sent, gave or brought along are of no store; a receipt's bear its id.
SELECT coalesce(first.store_id = ANY(%(stores)s::text[]), FALSE)
FROM (
    (
        SELECT r.id, r.store_id FROM checkout.receipt AS r
        WHERE r.account_id = ANY(%(accounts)s::uuid[])
        ORDER BY r.id
        LIMIT 1
    )
    UNION ALL
    (
        SELECT e.id, e.store_id FROM checkout.event AS e
        WHERE e.account_id = ANY(%(accounts)s::uuid[])
        ORDER BY e.id
        LIMIT 1
    )
    UNION ALL
    SELECT m.outcome_id, NULL
    FROM ledger.account AS a
    INNER JOIN ledger.move AS m ON a.id = m.account_id AND m.seq = 1
    WHERE a.id = ANY(%(accounts)s::uuid[]) OR a.owner_id = ANY(%(accounts)s::uuid[])
) AS first
ORDER BY first.id, first.store_id NULLS LAST
LIMIT 1;
