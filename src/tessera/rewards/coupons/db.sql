-- rewards.coupons: codes, batches, uses, and who was wrong how often.

-- name: lock_codes
-- Codes that are shown or given back, one receipt at a time, in their order, with what is said by
-- their batches. The codes' own columns are as of the lock.
SELECT
    c.code, b.kind, b.uses, c.used, c.member_id, c.void_at IS NOT NULL, b.revoked_at IS NOT NULL,
    b.starts, least(b.ends, c.ends), c.owed_at IS NOT NULL, c.sale_id IS NOT NULL
FROM rewards.coupon AS c
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE c.code = ANY(%b::uuid[])
ORDER BY c.code
FOR NO KEY UPDATE OF c;

-- name: codes
-- The same, without a lock.
SELECT
    c.code, b.kind, b.uses, c.used, c.member_id, c.void_at IS NOT NULL, b.revoked_at IS NOT NULL,
    b.starts, least(b.ends, c.ends), c.owed_at IS NOT NULL, c.sale_id IS NOT NULL
FROM rewards.coupon AS c
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE c.code = ANY(%b::uuid[]);

-- name: uses_of
-- What sales used and quotes keep.
SELECT outcome_id, kind, code, member_id, held_until, back_at IS NOT NULL, minor, points
FROM rewards.coupon_use
WHERE outcome_id = ANY(%b::uuid[]);

-- name: given_of
-- Codes that rules gave on these sales, the oldest first.
SELECT c.code, b.kind, c.member_id, c.sale_id, c.rule, c.ends
FROM rewards.coupon AS c
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE c.sale_id = ANY(%b::uuid[])
ORDER BY c.given_at, c.code;

-- name: lock_counts
-- How often kinds were used, of those that are counted; as of the lock.
SELECT kind, used FROM rewards.coupon_count
WHERE kind = ANY(%b::text[])
ORDER BY kind
FOR NO KEY UPDATE;

-- name: wait_for_uses
-- A count begins: whoever has written uses commits first, whoever has not finds the count.
LOCK TABLE rewards.coupon_use IN SHARE ROW EXCLUSIVE MODE;

-- name: begin_counts
-- From now on they are counted; what was used before there was a limit counts too.
INSERT INTO rewards.coupon_count (kind, used)
SELECT asked.kind, count(u.outcome_id)
FROM unnest(%b::text[]) AS asked (kind)
LEFT JOIN rewards.coupon_use AS u
    ON asked.kind = u.kind AND u.held_until IS NULL AND u.back_at IS NULL
GROUP BY asked.kind
ORDER BY asked.kind
ON CONFLICT (kind) DO NOTHING;

-- name: counts
-- The same, without a lock; of those that are not counted yet as it would begin.
SELECT asked.kind, coalesce(c.used, (
    SELECT count(*) FROM rewards.coupon_use AS u
    WHERE u.kind = asked.kind AND u.held_until IS NULL AND u.back_at IS NULL
))
FROM unnest(%b::text[]) AS asked (kind)
LEFT JOIN rewards.coupon_count AS c ON asked.kind = c.kind;

-- name: kept_codes
-- Who keeps uses of these codes now.
SELECT code, outcome_id FROM rewards.coupon_use
WHERE code = ANY(%b::uuid[]) AND held_until IS NOT NULL AND held_until > %b;

-- name: kept_kinds
-- Who keeps uses of these kinds now.
SELECT kind, outcome_id FROM rewards.coupon_use
WHERE held_until > %b AND kind = ANY(%b::text[]);

-- name: of_members
-- Uses of kinds by members, under each of their numbers: kept ones too.
SELECT asked.kind, asked.as_member, u.outcome_id, u.held_until IS NOT NULL
FROM unnest(%b::text[], %b::uuid[], %b::uuid[]) AS asked (kind, member_id, as_member)
JOIN rewards.coupon_use AS u ON asked.member_id = u.member_id AND asked.kind = u.kind
WHERE u.back_at IS NULL AND (u.held_until IS NULL OR u.held_until > %b);

-- name: misses
-- How often these were wrong.
SELECT what, misses, since, free_at FROM rewards.coupon_miss WHERE what = ANY(%b::bytea[]);

-- name: lock_misses
-- The same, locked: one wrong code after the other is counted.
INSERT INTO rewards.coupon_miss AS m (what, misses, since, free_at)
SELECT what, 0, %b::timestamptz, %b::timestamptz FROM unnest(%b::bytea[]) AS asked (what)
ORDER BY what
ON CONFLICT (what) DO UPDATE SET misses = m.misses
RETURNING what, misses, since, free_at;

-- name: save_misses
-- How often they were wrong by now.
UPDATE rewards.coupon_miss AS m
SET misses = new.misses, since = new.since, free_at = new.free_at
FROM unnest(%b::bytea[], %b::integer[], %b::timestamptz[], %b::timestamptz[])
    AS new (what, misses, since, free_at)
WHERE m.what = new.what;

-- name: add_used
-- Codes were used so many times more, or fewer.
UPDATE rewards.coupon AS c SET used = c.used + new.more
FROM unnest(%b::uuid[], %b::integer[]) AS new (code, more)
WHERE c.code = new.code;

-- name: add_counted
-- Kinds too, those that are counted.
UPDATE rewards.coupon_count AS c SET used = c.used + new.more
FROM unnest(%b::text[], %b::bigint[]) AS new (kind, more)
WHERE c.kind = new.kind;

-- name: add_uses
-- Uses of receipts, and those that quotes keep.
INSERT INTO rewards.coupon_use (
    outcome_id, kind, code, member_id, held_until, used_at, minor, points
)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::uuid[]), unnest(%b::uuid[]),
    unnest(%b::timestamptz[]), unnest(%b::timestamptz[]), unnest(%b::bigint[]),
    unnest(%b::bigint[]);

-- name: end_holds
-- These quotes keep nothing any more.
DELETE FROM rewards.coupon_use WHERE outcome_id = ANY(%b::uuid[]) AND held_until IS NOT NULL;

-- name: save_uses
-- What uses gave as their receipts stand now, and whether that is nothing.
UPDATE rewards.coupon_use AS u
SET back_at = new.back_at, minor = new.minor, points = new.points
FROM unnest(%b::uuid[], %b::text[], %b::timestamptz[], %b::bigint[], %b::bigint[])
    AS new (outcome_id, kind, back_at, minor, points)
WHERE u.outcome_id = new.outcome_id AND u.kind = new.kind;

-- name: given_batches
-- The batches into which codes go that rules give.
SELECT kind, number FROM rewards.coupon_batch WHERE given AND kind = ANY(%b::text[]);

-- name: add_given_batch
-- One of them, where its kind is given for the first time.
INSERT INTO rewards.coupon_batch (id, kind, label, given, count, uses, made_at, made_by)
VALUES (%(id)s, %(kind)s, '', TRUE, 0, %(uses)s, %(now)s, '')
ON CONFLICT (kind) WHERE given DO UPDATE SET uses = rewards.coupon_batch.uses
RETURNING number;

-- name: add_given
-- Codes that rules gave.
INSERT INTO rewards.coupon (code, batch, member_id, sale_id, rule, ends, given_at)
SELECT
    unnest(%b::uuid[]), unnest(%b::integer[]), unnest(%b::uuid[]), unnest(%b::uuid[]),
    unnest(%b::text[]), unnest(%b::date[]), unnest(%b::timestamptz[]);

-- name: save_ends
-- What became of codes when goods came back.
UPDATE rewards.coupon AS c SET void_at = new.void_at, owed_at = new.owed_at
FROM unnest(%b::uuid[], %b::timestamptz[], %b::timestamptz[]) AS new (code, void_at, owed_at)
WHERE c.code = new.code;

-- name: forget_holds
-- What quotes kept that are over.
DELETE FROM rewards.coupon_use WHERE held_until < %b;

-- name: forget_misses
-- Counts that have ended.
DELETE FROM rewards.coupon_miss WHERE since < %(since)s AND free_at < %(now)s;
