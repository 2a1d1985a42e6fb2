-- referrals: who brought whom.

-- name: code_of
-- The oldest code of one person's numbers.
SELECT c.code FROM referrals.code AS c
WHERE c.member_id = ANY(%b::uuid[])
ORDER BY c.made_at, c.code
LIMIT 1;

-- name: add_code
-- One a member; a word that somebody has already is left alone, and another one is drawn.
INSERT INTO referrals.code (member_id, code, made_at)
VALUES (%(member)s, %(code)s, %(now)s)
ON CONFLICT DO NOTHING;

-- name: whose
-- Whose a code is.
SELECT c.member_id FROM referrals.code AS c WHERE c.code = %(code)s;

-- name: add
-- Nobody is brought twice.
INSERT INTO referrals.referral (
    id, referrer_id, referee_id, brought_at, referrer_points, referee_points, purchases,
    least_minor, return_days, until, refused
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT DO NOTHING;

-- name: above
-- The chain of those who brought these. Merges can close one: a step is gone once.
WITH RECURSIVE up AS (
    SELECT r.referrer_id AS id, 1 AS steps
    FROM referrals.referral AS r
    WHERE r.referee_id = ANY(%(ids)s::uuid[])
    UNION
    SELECT r.referrer_id, up.steps + 1
    FROM up
    JOIN referrals.referral AS r ON up.id = r.referee_id
    WHERE up.steps < %(most)s
)

SELECT DISTINCT up.id FROM up;

-- name: lines
-- A page of referrals, the newest first, with what counts and what was paid.
SELECT
    r.id, r.referrer_id, r.referee_id, r.brought_at, r.referrer_points, r.referee_points,
    r.purchases, r.least_minor, r.return_days, r.until, r.refused, r.due_at, r.payment_id,
    (SELECT count(*) FROM referrals.purchase AS b WHERE b.referral_id = r.id AND b.counts),
    exists(
        SELECT FROM referrals.payment AS u WHERE u.referral_id = r.id AND u.undoes IS NOT NULL
    ),
    p.id AS paid_id, p.referral_id, p.undoes, p.referrer_points AS referrer_paid,
    p.referee_points AS referee_paid, p.referrer_operation, p.referee_operation, p.trimmed,
    p.posted_at
FROM referrals.referral AS r
LEFT JOIN referrals.payment AS p ON r.payment_id = p.id
WHERE
    (
        %(ids)s::uuid[] IS NULL OR r.referrer_id = ANY(%(ids)s::uuid[])
        OR r.referee_id = ANY(%(ids)s::uuid[])
    )
    AND (%(before)s::uuid IS NULL OR r.id < %(before)s::uuid)
ORDER BY r.id DESC
LIMIT %(most)s;

-- name: were_any
-- Whether there is one at all.
SELECT exists(SELECT FROM referrals.referral);

-- name: of_sales
-- The referrals that these sales count for.
SELECT b.sale_id, b.referral_id
FROM referrals.purchase AS b
WHERE b.sale_id = ANY(%b::uuid[]);

-- name: lock_of
-- Referrals of these newcomers, and these, held in the order of ids.
SELECT
    r.id, r.referrer_id, r.referee_id, r.brought_at, r.referrer_points, r.referee_points,
    r.purchases, r.least_minor, r.return_days, r.until, r.refused, r.due_at, r.payment_id
FROM referrals.referral AS r
WHERE r.id IN (
    SELECT n.id FROM referrals.referral AS n WHERE n.referee_id = ANY(%b::uuid[])
    UNION
    SELECT s.id FROM unnest(%b::uuid[]) AS s (id)
)
ORDER BY r.id
FOR UPDATE;

-- name: count
-- Purchases of a batch: new ones, and those of which something came back.
INSERT INTO referrals.purchase AS b (referral_id, sale_id, at, counts)
SELECT n.referral_id, n.sale_id, %b::timestamptz, n.counts
FROM unnest(%b::uuid[], %b::uuid[], %b::boolean[]) AS n (referral_id, sale_id, counts)
ON CONFLICT (sale_id) DO UPDATE SET counts = excluded.counts;

-- name: reckon
-- When each is due: so many days after its so-manieth purchase that counts.
UPDATE referrals.referral AS r SET due_at = (
    SELECT b.at + make_interval(days => r.return_days)
    FROM referrals.purchase AS b
    WHERE b.referral_id = r.id AND b.counts
    ORDER BY b.at, b.sale_id
    LIMIT 1 OFFSET r.purchases - 1
)
WHERE r.id = ANY(%b::uuid[]);

-- name: owed
-- What there is to do, the one due first.
(
    SELECT r.id FROM referrals.referral AS r
    WHERE r.due_at <= %(now)s AND r.payment_id IS NULL AND r.refused = ''
    ORDER BY r.due_at
    LIMIT %(most)s
)
UNION ALL
(
    SELECT r.id FROM referrals.referral AS r
    WHERE r.due_at IS NULL AND r.payment_id IS NOT NULL
    ORDER BY r.id
    LIMIT %(most)s
);

-- name: read
-- One of them.
SELECT
    r.id, r.referrer_id, r.referee_id, r.brought_at, r.referrer_points, r.referee_points,
    r.purchases, r.least_minor, r.return_days, r.until, r.refused, r.due_at, r.payment_id
FROM referrals.referral AS r
WHERE r.id = %(id)s;

-- name: lock
-- One of them, held.
SELECT
    r.id, r.referrer_id, r.referee_id, r.brought_at, r.referrer_points, r.referee_points,
    r.purchases, r.least_minor, r.return_days, r.until, r.refused, r.due_at, r.payment_id
FROM referrals.referral AS r
WHERE r.id = %(id)s
FOR UPDATE;

-- name: payment
-- One payment.
SELECT
    p.id, p.referral_id, p.undoes, p.referrer_points, p.referee_points, p.referrer_operation,
    p.referee_operation, p.trimmed, p.posted_at
FROM referrals.payment AS p
WHERE p.id = %(id)s;

-- name: paid_since
-- Payments of a period to who brings, that stand. The account of that one is locked.
SELECT count(*)
FROM referrals.referral AS r
JOIN referrals.payment AS p ON r.payment_id = p.id
WHERE r.referrer_id = ANY(%(ids)s::uuid[]) AND p.referrer_points > 0 AND p.posted_at >= %(since)s;

-- name: paid_for
-- Whether the same newcomer, under another number, was paid for.
SELECT exists(
    SELECT FROM referrals.referral AS r
    WHERE r.referee_id = ANY(%(ids)s::uuid[]) AND r.id <> %(but)s AND r.payment_id IS NOT NULL
);

-- name: add_payment
-- A fact: added, never changed.
INSERT INTO referrals.payment (
    id, referral_id, undoes, referrer_points, referee_points, referrer_operation,
    referee_operation, trimmed, posted_at
) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: stand
-- Which payment stands.
UPDATE referrals.referral SET payment_id = %(payment)s WHERE id = %(id)s;

-- name: refuse
-- Nothing is ever paid for it.
UPDATE referrals.referral SET refused = %(why)s WHERE id = %(id)s;
