-- access/codes: challenges, how many messages may be sent, messages that wait.

-- name: spend
-- Takes messages out of buckets, in one order for everybody, so that no two wait in a ring. None is
-- emptier than empty: a clock that was ahead once would lock everybody out until it is so late.
INSERT INTO access.code_bucket AS b (what, full_at)
SELECT s.what, %(now)s::timestamptz + s.takes
FROM unnest(%(what)s::bytea[], %(takes)s::interval[]) AS s (what, takes)
ORDER BY s.what
ON CONFLICT (what) DO UPDATE SET
    full_at = greatest(
        least(
            b.full_at,
            %(now)s::timestamptz
            + (%(fills)s::interval[])[array_position(%(what)s::bytea[], b.what)]
        ),
        %(now)s::timestamptz
    ) + (excluded.full_at - %(now)s::timestamptz)
RETURNING what, full_at;

-- name: take_back
-- They were refused and not sent. The rows are this transaction's since they were taken out.
UPDATE access.code_bucket AS b SET full_at = b.full_at - s.takes
FROM unnest(%(what)s::bytea[], %(takes)s::interval[]) AS s (what, takes)
WHERE b.what = s.what;

-- name: is_home
-- Whether a destination was proved from this network before; always a row.
SELECT count(*) > 0 FROM access.code_home WHERE what = %(what)s AND until > %(now)s;

-- name: settle
-- It was proved from there.
INSERT INTO access.code_home AS h (what, destination, until)
VALUES (%(what)s, %(destination)s, %(until)s)
ON CONFLICT (what) DO UPDATE SET until = greatest(h.until, excluded.until);

-- name: unsettle
-- Nowhere is at home with these.
DELETE FROM access.code_home WHERE destination = ANY(%(destinations)s::bytea[]);

-- name: add_challenge
-- A code is on its way. Neither the code nor the destination is among the values, only marks.
INSERT INTO access.code_challenge
    (id, purpose, channel, destination, code_mark, subject, begun_at, expires_at)
VALUES
    (
        %(id)s, %(purpose)s, %(channel)s, %(destination)s, %(code_mark)s, %(subject)s, %(now)s,
        %(expires_at)s
    );

-- name: add_message
-- It waits for the sweeper, sealed.
INSERT INTO access.code_outbox (id, channel, sealed, deliver, due_at, expires_at)
VALUES (%(id)s, %(channel)s, %(sealed)s, %(deliver)s, %(now)s, %(expires_at)s);

-- name: attempt
-- One try, counted under the row's lock whether it is right or not; no row: nothing to try.
UPDATE access.code_challenge SET
    tries = tries + 1,
    proved_at = CASE WHEN code_mark = %(code_mark)s THEN %(now)s::timestamptz END
WHERE
    id = %(id)s
    AND proved_at IS NULL
    AND tries < %(most)s
    AND begun_at <= %(now)s
    AND expires_at > %(now)s
RETURNING purpose, channel, destination, subject, proved_at IS NOT NULL;

-- name: end
-- What is on its way there about somebody proves nothing any more.
DELETE FROM access.code_challenge
WHERE destination = %(destination)s AND subject = %(subject)s;

-- name: take_due
-- Messages to send now, for the one who asks: others leave them alone until the lease is over.
WITH due AS MATERIALIZED (
    SELECT o.id FROM access.code_outbox AS o
    WHERE o.due_at <= %(now)s
    ORDER BY o.due_at
    LIMIT %(page)s
    FOR UPDATE SKIP LOCKED
)
UPDATE access.code_outbox AS m
SET due_at = %(leased_until)s, failures = m.failures + 1
FROM due
WHERE m.id = due.id
RETURNING m.id, m.channel, m.sealed, m.deliver, m.expires_at, m.failures;

-- name: away
-- Handed over, or given up: the text and the destination are no longer here.
DELETE FROM access.code_outbox WHERE id = ANY(%(ids)s);

-- name: put_off
-- A provider failed: again later.
UPDATE access.code_outbox AS m SET due_at = p.due_at
FROM unnest(%(ids)s::uuid[], %(due_at)s::timestamptz[]) AS p (id, due_at)
WHERE m.id = p.id;

-- name: forget
-- What is over, a page at a time; a day is kept so that it can be found out what happened.
WITH old AS MATERIALIZED (
    SELECT c.id FROM access.code_challenge AS c
    WHERE c.expires_at < %(before)s
    ORDER BY c.expires_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
), past AS MATERIALIZED (
    SELECT b.what FROM access.code_bucket AS b
    WHERE b.full_at < %(before)s
    ORDER BY b.full_at
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
), left_homes AS MATERIALIZED (
    SELECT h.what FROM access.code_home AS h
    WHERE h.until < %(before)s
    ORDER BY h.until
    LIMIT 1000
    FOR UPDATE SKIP LOCKED
), swept AS (
    DELETE FROM access.code_bucket USING past WHERE code_bucket.what = past.what
), moved_out AS (
    DELETE FROM access.code_home USING left_homes WHERE code_home.what = left_homes.what
)
DELETE FROM access.code_challenge USING old WHERE code_challenge.id = old.id;
