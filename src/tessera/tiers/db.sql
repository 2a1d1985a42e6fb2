-- tiers: standings, how they changed, reviews, uses of privileges.

-- name: standings
-- Where these accounts stand on every ladder.
SELECT s.account_id, s.ladder, s.level, s.since, s.until, s.settled, s.rank
FROM tiers.standing AS s
WHERE s.account_id = ANY(%b::uuid[]);

-- name: lock
-- The same, locked, in the order in which every flow locks them.
SELECT s.account_id, s.ladder, s.level, s.since, s.until, s.settled, s.rank
FROM tiers.standing AS s
WHERE s.account_id = ANY(%b::uuid[])
ORDER BY s.account_id, s.ladder
FOR UPDATE;

-- name: lock_due
-- A page of the standings whose review is due, locked; who has been reviewed is due no more.
SELECT s.account_id, s.level, s.since, s.until, s.settled, s.rank
FROM tiers.standing AS s
WHERE s.ladder = %(ladder)s AND s.until <= %(upto)s AND NOT s.asleep
ORDER BY s.until, s.account_id
LIMIT %(most)s
FOR UPDATE;

-- name: count_due
-- How many reviews are due.
SELECT count(*)
FROM tiers.standing AS s
WHERE s.ladder = %(ladder)s AND s.until <= %(upto)s AND NOT s.asleep;

-- name: peek_due
-- A page of them, to look at: after an account.
SELECT s.account_id, s.level, s.since, s.until, s.settled, s.rank
FROM tiers.standing AS s
WHERE
    s.ladder = %(ladder)s AND s.until <= %(upto)s AND NOT s.asleep
    AND s.account_id > %(after)s
ORDER BY s.account_id
LIMIT %(most)s;

-- name: peek_until
-- A page of the standings whose review comes up to a day, after a review and an account.
SELECT s.account_id, s.level, s.since, s.until, s.settled, s.rank
FROM tiers.standing AS s
WHERE
    s.ladder = %(ladder)s AND NOT s.asleep AND s.until <= %(upto)s
    AND (s.until, s.account_id) > (%(since)s, %(after)s)
ORDER BY s.until, s.account_id
LIMIT %(most)s;

-- name: walks
-- How far walks have come, of each ladder the newest.
SELECT w.ladder, w.terms, w.after, w.looked, w.risen, w.began_at, w.ended_at FROM tiers.walk AS w;

-- name: begin_walk
-- A walk begins, in the place of the one before.
INSERT INTO tiers.walk (ladder, terms, after, looked, risen, began_at)
VALUES (%(ladder)s, %(terms)s, %(after)s, 0, 0, %(at)s)
ON CONFLICT (ladder) DO UPDATE SET
    terms = excluded.terms, after = excluded.after, looked = 0, risen = 0,
    began_at = excluded.began_at, ended_at = NULL;

-- name: note_walk
-- How far it has come.
UPDATE tiers.walk
SET
    after = coalesce(%(after)s, after), looked = looked + %(looked)s, risen = risen + %(risen)s,
    ended_at = %(ended_at)s
WHERE ladder = %(ladder)s;

-- name: save
-- Where accounts stand from now on. Each (account, ladder) once; accounts or rows are locked. What
-- was reviewed or set by hand is settled: climbs of before, as they are known by now, stand.
INSERT INTO tiers.standing AS s (
    account_id, ladder, level, since, until, settled, rank, settled_after
)
SELECT
    n.account_id, n.ladder, n.level, n.since, n.until, n.settled, n.rank,
    CASE WHEN n.settles THEN (
        SELECT coalesce(max(c.id), -1)
        FROM tiers.change AS c
        WHERE c.account_id = n.account_id AND c.ladder = n.ladder
            AND coalesce(c.climbed, c.day) < n.settled
    ) ELSE 0 END
FROM (
    SELECT
        unnest(%b::uuid[]) AS account_id, unnest(%b::text[]) AS ladder,
        unnest(%b::text[]) AS level, unnest(%b::date[]) AS since, unnest(%b::date[]) AS until,
        unnest(%b::date[]) AS settled, unnest(%b::bigint[]) AS rank,
        unnest(%b::boolean[]) AS settles
) AS n
ON CONFLICT (account_id, ladder) DO UPDATE SET
    level = excluded.level, since = excluded.since, until = excluded.until,
    settled = excluded.settled, rank = excluded.rank,
    settled_after = CASE
        WHEN excluded.settled_after = 0 THEN s.settled_after
        ELSE greatest(s.settled_after, excluded.settled_after)
    END;

-- name: settle
-- What a page of reviews has come to, for rows that are there and locked.
UPDATE tiers.standing AS s
SET
    level = d.level, since = d.since, until = d.until, settled = d.settled, rank = d.rank,
    settled_after = greatest(s.settled_after, d.upto)
FROM (
    SELECT n.account_id, n.level, n.since, n.until, n.settled, n.rank, (
        SELECT coalesce(max(c.id), -1)
        FROM tiers.change AS c
        WHERE c.account_id = n.account_id AND c.ladder = %b
            AND coalesce(c.climbed, c.day) < n.settled
    ) AS upto
    FROM unnest(%b::uuid[], %b::text[], %b::date[], %b::date[], %b::date[], %b::bigint[])
    AS n (account_id, level, since, until, settled, rank)
) AS d
WHERE s.account_id = d.account_id AND s.ladder = %b;

-- name: add_changes
-- How levels changed.
INSERT INTO tiers.change (
    account_id, ladder, source, target, day, why, was_since, was_until, was_rank, undoes,
    outcome_id, principal_id, reason, climbed, was_settled, at
)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::text[]),
    unnest(%b::date[]), unnest(%b::text[]), unnest(%b::date[]), unnest(%b::date[]),
    unnest(%b::bigint[]), unnest(%b::bigint[]), unnest(%b::uuid[]), unnest(%b::uuid[]),
    unnest(%b::text[]), unnest(%b::date[]), unnest(%b::date[]), %b;

-- name: climbs
-- The climbs of these accounts that stand and that no review or hand has settled, in the order in
-- which they were posted, newest first; also those that came along with another account, and what
-- came along with one that is gone again.
SELECT
    c.account_id, c.ladder, c.id, c.source, c.target, coalesce(c.climbed, c.day) AS day,
    c.was_since, c.was_until, c.was_rank
FROM tiers.change AS c
INNER JOIN tiers.standing AS s ON c.account_id = s.account_id AND c.ladder = s.ladder
WHERE
    c.account_id = ANY(%b::uuid[])
    AND (
        c.why IN ('earned', 'moved') OR c.climbed IS NOT NULL
        OR (c.why = 'joined' AND EXISTS (
            SELECT FROM tiers.change AS p
            WHERE p.account_id = c.account_id AND p.why = 'parted' AND p.outcome_id = c.outcome_id
        ))
    )
    AND CASE
        WHEN s.settled_after IS NOT NULL THEN c.id > s.settled_after
        ELSE coalesce(c.climbed, c.day) >= coalesce(s.settled, '-infinity')
    END
    AND NOT EXISTS (SELECT FROM tiers.change AS u WHERE u.undoes = c.id)
    AND NOT EXISTS (
        SELECT FROM tiers.change AS m
        WHERE m.account_id = c.account_id AND m.ladder = c.ladder AND m.id > c.id
            AND (
                m.why IN ('matched', 'carried')
                OR (m.why = 'joined' AND m.climbed IS NULL AND NOT EXISTS (
                    SELECT FROM tiers.change AS p
                    WHERE p.account_id = m.account_id AND p.why = 'parted'
                        AND p.outcome_id = m.outcome_id
                ))
            )
    )
ORDER BY c.id DESC;

-- name: levels_on
-- On which level an account stood on a day that lies before its last change: where the first change
-- after that day came from.
SELECT asked.n, first.source
FROM unnest(%b::uuid[], %b::text[], %b::date[]) WITH ORDINALITY
AS asked (account_id, ladder, day, n)
CROSS JOIN LATERAL (
    SELECT c.source
    FROM tiers.change AS c
    WHERE c.account_id = asked.account_id AND c.ladder = asked.ladder AND c.day > asked.day
    ORDER BY c.day, c.id
    LIMIT 1
) AS first;

-- name: history
-- How an account's levels changed, newest first, before a change.
SELECT c.id, c.ladder, c.source, c.target, c.day, c.why, c.reason, c.at
FROM tiers.change AS c
WHERE c.account_id = %(account)s AND c.id < %(before)s
ORDER BY c.id DESC
LIMIT %(most)s;

-- name: carried
-- On which ladders levels of another program were carried over to these accounts.
SELECT DISTINCT c.account_id, c.ladder
FROM tiers.change AS c
WHERE c.account_id = ANY(%(accounts)s::uuid[]) AND c.why = 'carried';

-- name: joined_by
-- What a joining changed, step by step.
SELECT c.ladder, c.target, c.source, c.was_since, c.was_until, c.was_settled, c.was_rank
FROM tiers.change AS c
WHERE c.account_id = %(account)s AND c.why = 'joined' AND c.outcome_id = %(joined)s
ORDER BY c.id;

-- name: sleep
-- An account that was joined to another one sleeps, or wakes.
UPDATE tiers.standing AS s SET asleep = %(asleep)s WHERE s.account_id = %(account)s;

-- name: on_levels
-- How many stand on each level, those on the ground without a row aside.
SELECT s.level, count(*)
FROM tiers.standing AS s
WHERE s.ladder = %(ladder)s AND NOT s.asleep
GROUP BY s.level;

-- name: flow
-- How many went from which level to which since a day, and why.
SELECT c.source, c.target, c.why, count(*)
FROM tiers.change AS c
WHERE c.ladder = %(ladder)s AND c.day >= %(since)s
GROUP BY c.source, c.target, c.why
ORDER BY c.source, c.target, c.why;

-- name: begin_review
-- A run begins; one of the same day that did not end goes on.
WITH going AS (
    SELECT r.id FROM tiers.review AS r
    WHERE r.ladder = %(ladder)s AND r.as_of = %(as_of)s AND r.ended_at IS NULL
    ORDER BY r.id
    LIMIT 1
),

begun AS (
    INSERT INTO tiers.review (ladder, as_of, began_at)
    SELECT %(ladder)s, %(as_of)s, %(at)s
    WHERE NOT EXISTS (SELECT FROM going)
    RETURNING id
)

SELECT id FROM going
UNION ALL
SELECT id FROM begun;

-- name: note_review
-- How far it has come.
UPDATE tiers.review
SET kept = kept + %(kept)s, sunk = sunk + %(sunk)s, ended_at = %(ended_at)s
WHERE id = %(id)s;

-- name: reviews
-- The newest runs.
SELECT r.id, r.ladder, r.as_of, r.kept, r.sunk, r.began_at, r.ended_at
FROM tiers.review AS r
ORDER BY r.id DESC
LIMIT %(most)s;

-- name: add_use
-- A privilege is used. The account's standings are locked.
INSERT INTO tiers.privilege_use (
    id, account_id, member_id, ladder, level, privilege, day, store_id, principal_id, at
)
VALUES (
    %(id)s, %(account)s, %(member)s, %(ladder)s, %(level)s, %(privilege)s, %(day)s, %(store)s,
    %(principal)s, %(at)s
);

-- name: uses
-- How often these accounts, which are one, used each privilege, by day.
SELECT u.ladder, u.privilege, u.day, count(*)
FROM tiers.privilege_use AS u
WHERE u.account_id = ANY(%(accounts)s::uuid[])
GROUP BY u.ladder, u.privilege, u.day;
