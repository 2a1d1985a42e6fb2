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

-- name: save
-- Where accounts stand from now on. Each (account, ladder) once; accounts or rows are locked.
INSERT INTO tiers.standing AS s (account_id, ladder, level, since, until, settled, rank)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::date[]),
    unnest(%b::date[]), unnest(%b::date[]), unnest(%b::bigint[])
ON CONFLICT (account_id, ladder) DO UPDATE SET
    level = excluded.level, since = excluded.since, until = excluded.until,
    settled = excluded.settled, rank = excluded.rank;

-- name: settle
-- What a page of reviews has come to, for rows that are there and locked.
UPDATE tiers.standing AS s
SET level = d.level, since = d.since, until = d.until, settled = d.settled, rank = d.rank
FROM unnest(%b::uuid[], %b::text[], %b::date[], %b::date[], %b::date[], %b::bigint[])
AS d (account_id, level, since, until, settled, rank)
WHERE s.account_id = d.account_id AND s.ladder = %b;

-- name: add_changes
-- How levels changed.
INSERT INTO tiers.change (
    account_id, ladder, source, target, day, why, was_since, was_until, was_rank, undoes,
    outcome_id, principal_id, reason, at
)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::text[]),
    unnest(%b::date[]), unnest(%b::text[]), unnest(%b::date[]), unnest(%b::date[]),
    unnest(%b::bigint[]), unnest(%b::bigint[]), unnest(%b::uuid[]), unnest(%b::uuid[]),
    unnest(%b::text[]), %b;

-- name: climbs
-- The climbs of these accounts that stand and that no review has settled, newest first.
SELECT c.account_id, c.ladder, c.id, c.source, c.target, c.day, c.was_since, c.was_until
FROM tiers.change AS c
INNER JOIN tiers.standing AS s ON c.account_id = s.account_id AND c.ladder = s.ladder
WHERE
    c.account_id = ANY(%b::uuid[]) AND c.why = 'earned'
    AND c.day >= coalesce(s.settled, '-infinity')
    AND NOT EXISTS (SELECT FROM tiers.change AS u WHERE u.undoes = c.id)
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

-- name: joined_by
-- What a joining changed, and where the account stands now.
SELECT c.ladder, c.source, c.target, c.was_since, c.was_until, c.was_rank
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
-- How often each privilege was used since a day.
SELECT u.ladder, u.privilege, u.day, count(*)
FROM tiers.privilege_use AS u
WHERE u.account_id = %(account)s
GROUP BY u.ladder, u.privilege, u.day;
