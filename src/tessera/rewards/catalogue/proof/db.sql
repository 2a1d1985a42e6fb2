-- The proof of claims. Each check yields sentences, none if all is well, 100 at most.

-- name: counts
-- How much there is to prove.
SELECT count(*) FROM rewards.claim;

-- name: points
-- A claim took its points once and gave them back at most once; no points were claimed without one.
SELECT format(
    'claim %s: %s points are its price, operation %s took %s',
    coalesce(claim.id, paid.id), coalesce(claim.points, 0), coalesce(paid.id::text, 'none'),
    coalesce(paid.points, 0)
)
FROM (SELECT * FROM rewards.claim WHERE points > 0) AS claim
FULL JOIN (SELECT * FROM ledger.operation WHERE kind = 'claim') AS paid ON claim.id = paid.id
WHERE claim.id IS NULL OR paid.id IS NULL OR claim.points <> paid.points
    OR claim.currency <> paid.currency OR claim.account_id <> paid.account_id
ORDER BY 1
LIMIT 100;

-- name: backs
-- What came back is what one claim had cost that is over.
SELECT format(
    'claim %s (%s): operation %s gave %s of %s points back',
    coalesce(claim.id::text, 'none'), coalesce(claim.state, '-'),
    coalesce(back.id::text, claim.back_id::text, 'none'), coalesce(back.to_points, 0),
    coalesce(claim.points, 0)
)
FROM (SELECT * FROM rewards.claim WHERE back_id IS NOT NULL) AS claim
FULL JOIN (SELECT * FROM ledger.operation WHERE kind = 'claim_back') AS back
    ON claim.back_id = back.id
WHERE claim.id IS NULL OR back.id IS NULL OR claim.points <> back.to_points
    OR claim.currency <> back.to_currency OR claim.state NOT IN ('cancelled', 'expired')
ORDER BY 1
LIMIT 100;

-- name: cancelled
-- Who cancels gets all points back.
SELECT format('claim %s: it is cancelled, and its %s points did not come back', id, points)
FROM rewards.claim
WHERE state = 'cancelled' AND points > 0 AND back_id IS NULL
ORDER BY 1
LIMIT 100;

-- name: stock
-- What is taken of a reward is what its claims have: those that are not over, and those whose piece
-- was seen, sent or used before they were.
SELECT format(
    'reward %s: %s are taken, its claims have %s', reward.code, reward.taken, count(claim.id)
)
FROM rewards.reward
LEFT JOIN rewards.claim ON reward.code = claim.reward
    AND (
        claim.state IN ('reserved', 'issued', 'used')
        OR claim.uses > 0 OR claim.revealed_at IS NOT NULL
        OR EXISTS (
            SELECT FROM rewards.claim_step AS step
            WHERE step.claim_id = claim.id AND step.did = 'sent'
        )
    )
GROUP BY reward.code
HAVING reward.taken <> count(claim.id)
ORDER BY 1
LIMIT 100;

-- name: codes
-- Whoever claims a code has one, unless it went back unseen.
SELECT format('claim %s (%s): it has no code of its pool', claim.id, claim.state)
FROM rewards.claim
LEFT JOIN rewards.pool_code AS one ON claim.id = one.claim_id
WHERE claim.kind = 'code' AND one.claim_id IS NULL
    AND (claim.state IN ('reserved', 'issued', 'used') OR claim.revealed_at IS NOT NULL)
ORDER BY 1
LIMIT 100;

-- name: calls
-- Every claim was asked for by one call, and every such call was done.
WITH asked AS (
    SELECT outcome_id, min(operation) AS operation, min(key) AS key, count(*) AS calls
    FROM access.request
    WHERE operation IN ('claim.make', 'me.claim.make')
    GROUP BY outcome_id
)

SELECT format(
    'claim %s: %s calls asked for it, expected 1',
    coalesce(claim.id, asked.outcome_id), coalesce(asked.calls, 0)
)
FROM rewards.claim
FULL JOIN asked ON claim.id = asked.outcome_id
WHERE claim.id IS NULL OR asked.calls IS DISTINCT FROM 1
ORDER BY 1
LIMIT 100;

-- name: coupons
-- Whoever claims a coupon has one; that of a claim which is over counts no more.
SELECT format(
    'claim %s (%s): %s', claim.id, claim.state,
    CASE WHEN one.code IS NULL THEN 'it has brought no coupon' ELSE 'its coupon is still good' END
)
FROM rewards.claim
LEFT JOIN rewards.claim_coupon AS brought ON claim.id = brought.claim_id
LEFT JOIN rewards.coupon AS one
    ON brought.code = one.code AND claim.member_id = one.member_id
WHERE claim.kind = 'coupon' AND (
    one.code IS NULL OR (claim.state IN ('cancelled', 'expired') AND one.void_at IS NULL)
)
ORDER BY 1
LIMIT 100;
