-- rewards.pools: codes of others, remembered.

-- name: add_pool
-- A pool begins; nothing is told if there is one of this code.
INSERT INTO rewards.pool (code, id, name, warn_at, made_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING
RETURNING code;

-- name: pools
-- The pools with how many codes are there, free, and free but expired. One, or all.
SELECT
    pool.code, pool.id, pool.name, pool.warn_at, pool.made_at, count(one.mark) AS codes,
    count(one.mark) FILTER (
        WHERE one.claim_id IS NULL AND (one.expires_at IS NULL OR one.expires_at > %(now)s)
    ) AS free,
    count(one.mark) FILTER (WHERE one.claim_id IS NULL AND one.expires_at <= %(now)s) AS expired
FROM rewards.pool
LEFT JOIN rewards.pool_code AS one ON pool.code = one.pool
WHERE %(code)s::text IS NULL OR pool.code = %(code)s
GROUP BY pool.code
ORDER BY pool.code;

-- name: pool_id
-- Whose key its codes are sealed with.
SELECT id FROM rewards.pool WHERE code = %s;

-- name: lock_pool
-- Who takes a code goes after whoever does so already.
SELECT id FROM rewards.pool WHERE code = %s FOR NO KEY UPDATE;

-- name: add_codes
-- New codes; those that are there already are left alone.
WITH added AS (
    INSERT INTO rewards.pool_code (pool, mark, sealed, expires_at, added_at)
    SELECT %(pool)s, new.mark, new.sealed, %(expires)s, %(now)s
    FROM unnest(%(marks)b::bytea[], %(sealed)b::bytea[]) AS new (mark, sealed)
    ORDER BY new.mark
    ON CONFLICT DO NOTHING
    RETURNING mark
)

SELECT count(*) FROM added;

-- name: reserve
-- The free code that expires first is the claim's. The pool is locked.
UPDATE rewards.pool_code SET claim_id = %(claim)s
WHERE (pool, mark) = (
    SELECT pool, mark FROM rewards.pool_code
    WHERE pool = %(pool)s AND claim_id IS NULL AND (expires_at IS NULL OR expires_at > %(now)s)
    ORDER BY expires_at, mark
    LIMIT 1
)
RETURNING expires_at;

-- name: free
-- The claim's code is free again.
UPDATE rewards.pool_code SET claim_id = NULL WHERE claim_id = %s;

-- name: of_claim
-- The code of a claim, with the key's owner and when it expires.
SELECT pool.id, one.sealed, one.expires_at
FROM rewards.pool_code AS one
JOIN rewards.pool ON one.pool = pool.code
WHERE one.claim_id = %s;
