-- rewards.coupons.office: orders of codes, and what became of them.

-- name: add_batch
-- An order of codes.
INSERT INTO rewards.coupon_batch (
    id, kind, label, count, uses, starts, ends, made_at, made_by
) VALUES (
    %(id)s, %(kind)s, %(label)s, %(count)s, %(uses)s, %(starts)s, %(ends)s, %(now)s, %(by)s
);

-- name: batch
-- One order.
SELECT
    id, number, kind, label, given, count, made, uses, starts, ends, made_at, made_by, exported,
    cursor, page_from, page_at, revoked_at, revoked_by, reason
FROM rewards.coupon_batch
WHERE id = %b;

-- name: batches
-- Orders, newest first, after the last one seen.
SELECT
    id, number, kind, label, given, count, made, uses, starts, ends, made_at, made_by, exported,
    cursor, page_from, page_at, revoked_at, revoked_by, reason
FROM rewards.coupon_batch
WHERE NOT given AND (%(after)s::uuid IS NULL OR id < %(after)s)
ORDER BY id DESC
LIMIT %(most)s;

-- name: hold_batch
-- One order, locked: it is made or handed out by one at a time.
SELECT number FROM rewards.coupon_batch WHERE id = %b FOR NO KEY UPDATE;

-- name: open_batch
-- The oldest order that is not all made and that nobody works at.
SELECT id FROM rewards.coupon_batch
WHERE made < count AND revoked_at IS NULL
ORDER BY number
LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED;

-- name: load_codes
-- Codes by the million; veiled, in their order.
COPY rewards.coupon (code, batch) FROM STDIN WITH (FORMAT "binary");

-- name: made
-- So many more are there.
UPDATE rewards.coupon_batch SET made = made + %(count)s WHERE number = %(number)s;

-- name: page
-- Codes of an order in their order, behind one.
SELECT code FROM rewards.coupon
WHERE batch = %(batch)s AND (%(after)s::uuid IS NULL OR code > %(after)s)
ORDER BY code
LIMIT %(most)s;

-- name: page_again
-- The page that was handed out last.
SELECT code FROM rewards.coupon
WHERE
    batch = %(batch)s AND (%(after)s::uuid IS NULL OR code > %(after)s) AND code <= %(upto)s
ORDER BY code;

-- name: handed_out
-- So many more were handed out, up to this one.
UPDATE rewards.coupon_batch
SET exported = exported + %(count)s, page_from = cursor, cursor = %(upto)s, page_at = %(now)s
WHERE number = %(number)s;

-- name: revoke
-- Nothing of this order counts any more.
UPDATE rewards.coupon_batch SET revoked_at = %(now)s, revoked_by = %(by)s, reason = %(reason)s
WHERE id = %(id)s AND revoked_at IS NULL
RETURNING id;

-- name: void
-- One code counts no more.
UPDATE rewards.coupon SET void_at = %(now)s WHERE code = %(code)s AND void_at IS NULL
RETURNING code;

-- name: of_member
-- A member's own, the newest first, under each number of that person.
SELECT
    c.code, b.kind, b.uses, c.used, c.member_id, c.void_at IS NOT NULL, b.revoked_at IS NOT NULL,
    b.starts, least(b.ends, c.ends), c.owed_at IS NOT NULL, c.sale_id IS NOT NULL, c.given_at
FROM rewards.coupon AS c
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE c.member_id = ANY(%(members)s::uuid[])
ORDER BY c.given_at DESC, c.code
LIMIT %(most)s;

-- name: find
-- One code, with its batch and when it was given.
SELECT
    c.code, b.kind, b.uses, c.used, c.member_id, c.void_at IS NOT NULL, b.revoked_at IS NOT NULL,
    b.starts, least(b.ends, c.ends), c.owed_at IS NOT NULL, c.sale_id IS NOT NULL, b.id, b.label,
    c.given_at
FROM rewards.coupon AS c
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE c.code = %b;

-- name: ordered
-- How many codes of each kind were made in orders.
SELECT kind, sum(made)::bigint FROM rewards.coupon_batch WHERE NOT given GROUP BY kind;

-- name: given
-- How many codes of each kind rules gave, and how many of them are owed.
SELECT b.kind, count(*), count(c.owed_at)
FROM rewards.coupon_batch AS b
JOIN rewards.coupon AS c ON b.number = c.batch
WHERE b.given AND c.member_id IS NOT NULL
GROUP BY b.kind;

-- name: used
-- How often each kind was used, and what its rules gave, less what came back.
SELECT kind, count(*), sum(minor)::bigint, sum(points)::bigint
FROM rewards.coupon_use
WHERE held_until IS NULL AND back_at IS NULL
GROUP BY kind;
