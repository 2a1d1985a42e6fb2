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
