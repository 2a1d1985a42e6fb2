-- The proof of referrals. Each check yields sentences, none if all is well, 100 at most.
-- It reads ledger.operation and checkout.receipt: whoever proves looks everywhere.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM referrals.referral;

-- name: payments
-- What a payment says each side got or gave back is what its operation says.
SELECT format(
    'payment %s: %s points say the books of operation %s, it says %s', side.id,
    coalesce(o.points + o.to_points, 0), side.operation, side.points
)
FROM (
    SELECT p.id, p.referrer_operation AS operation, p.referrer_points AS points
    FROM referrals.payment AS p
    UNION ALL
    SELECT p.id, p.referee_operation, p.referee_points FROM referrals.payment AS p
) AS side
LEFT JOIN ledger.operation AS o ON side.operation = o.id AND o.kind = 'referral'
WHERE side.points <> coalesce(o.points + o.to_points, 0)
ORDER BY side.id
LIMIT 100;

-- name: operations
-- Every operation of this kind is one side of a payment.
SELECT format('operation %s (referral) of account %s belongs to no payment', o.id, o.account_id)
FROM ledger.operation AS o
WHERE o.kind = 'referral' AND NOT EXISTS (
    SELECT FROM referrals.payment AS p
    WHERE p.referrer_operation = o.id OR p.referee_operation = o.id
)
ORDER BY o.id
LIMIT 100;

-- name: due
-- A referral is due by the purchases that count.
WITH reckoned AS (
    SELECT r.id, r.due_at, (
        SELECT b.at + make_interval(days => r.return_days)
        FROM referrals.purchase AS b
        WHERE b.referral_id = r.id AND b.counts
        ORDER BY b.at, b.sale_id
        LIMIT 1 OFFSET r.purchases - 1
    ) AS due
    FROM referrals.referral AS r
)

SELECT format('referral %s is due at %s, by its purchases at %s', id, due_at, due)
FROM reckoned
WHERE due_at IS DISTINCT FROM due
ORDER BY id
LIMIT 100;

-- name: standing
-- One payment of a referral stands at most: that which no other has taken back.
WITH stands AS (
    SELECT p.referral_id, p.id
    FROM referrals.payment AS p
    WHERE p.undoes IS NULL
        AND NOT EXISTS (SELECT FROM referrals.payment AS u WHERE u.undoes = p.id)
)

SELECT format('referral %s: payment %s stands, it names %s', r.id, stands.id, r.payment_id)
FROM referrals.referral AS r
LEFT JOIN stands ON r.id = stands.referral_id
WHERE r.payment_id IS DISTINCT FROM stands.id
ORDER BY r.id
LIMIT 100;
