-- access/signing/limiting: tries to sign in, counted.

-- name: limit_good
-- Whether somebody has signed in to this account from this network before.
SELECT count(*) FROM access.sign_in_limit WHERE what = %(what)s AND good_until > %(now)s;

-- name: take_try
-- A try is counted before it is looked at. No row: somebody waits here, and nothing is counted.
INSERT INTO access.sign_in_limit AS l (what, misses, free_at, seen_at)
VALUES (%(what)s, 1, %(now)s, %(now)s)
ON CONFLICT (what) DO UPDATE SET
    misses = CASE WHEN l.seen_at <= %(forgotten)s THEN 1 ELSE l.misses + 1 END,
    free_at = CASE
        WHEN l.seen_at <= %(forgotten)s OR l.misses + 1 < %(free)s THEN %(now)s
        ELSE
            %(now)s
            + least(
                %(longest)s::interval,
                make_interval(secs => power(2, least(l.misses + 1 - %(free)s, 20)))
            )
    END,
    seen_at = %(now)s
WHERE l.free_at <= %(now)s
RETURNING misses;

-- name: limit_free_at
-- Until when nothing is looked at.
SELECT free_at FROM access.sign_in_limit WHERE what = %(what)s;

-- name: forgive
-- The try was no miss: it is taken back.
UPDATE access.sign_in_limit SET misses = greatest(misses - 1, 0), free_at = %(now)s
WHERE what = %(what)s;

-- name: forgive_all
-- Signed in: nothing is held against this account from here, for a month.
UPDATE access.sign_in_limit
SET misses = 0, free_at = %(now)s, seen_at = %(now)s, good_until = %(good_until)s
WHERE what = %(what)s;

-- name: sweep
-- Limits that have forgotten, a page at a time.
WITH over AS MATERIALIZED (
    SELECT l.what FROM access.sign_in_limit AS l
    WHERE
        l.seen_at < %(forgotten)s AND l.free_at < %(now)s
        AND (l.good_until IS NULL OR l.good_until < %(now)s)
    ORDER BY l.seen_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
)
DELETE FROM access.sign_in_limit USING over WHERE sign_in_limit.what = over.what;
