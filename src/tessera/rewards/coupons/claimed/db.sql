-- rewards.coupons.claimed: the coupons that claims have brought.

-- name: add_code
-- A code of a member's own.
INSERT INTO rewards.coupon (code, batch, member_id, ends, given_at)
VALUES (%(code)s, %(batch)s, %(member)s, %(ends)s, %(now)s);

-- name: add_claimed
-- A claim has brought it.
INSERT INTO rewards.claim_coupon (claim_id, code) VALUES (%(claim)s, %(code)s);

-- name: lock
-- No till uses it until the end of this transaction.
SELECT c.code FROM rewards.coupon AS c
WHERE c.code = (SELECT k.code FROM rewards.claim_coupon AS k WHERE k.claim_id = %(claim)s)
FOR NO KEY UPDATE;

-- name: standing
-- How often it was used, and whether a quote keeps it.
SELECT
    c.used, exists(
        SELECT FROM rewards.coupon_use AS u WHERE u.code = c.code AND u.held_until > %(over)s
    )
FROM rewards.coupon AS c
WHERE c.code = %(code)s;

-- name: void
-- It counts no more.
UPDATE rewards.coupon SET void_at = %(now)s WHERE code = %(code)s AND void_at IS NULL;

-- name: of_claims
-- The coupons of some claims.
SELECT k.claim_id, c.code, c.used, b.uses, c.void_at IS NOT NULL OR b.revoked_at IS NOT NULL
FROM rewards.claim_coupon AS k
JOIN rewards.coupon AS c ON k.code = c.code
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE k.claim_id = ANY(%(claims)s::uuid[]);
