-- rewards.privacy: what a person has claimed, wished for, been given and won.

-- name: claims
-- Claims of a person, the newest first.
SELECT
    id, reward, kind, state, points, currency, money_minor, claimed_at, changed_at, ends_at,
    paid_at, revealed_at, uses
FROM rewards.claim
WHERE member_id = ANY(%s::uuid[])
ORDER BY id DESC;

-- name: wishes
-- What a person wishes for.
SELECT reward, wished_at FROM rewards.wish
WHERE member_id = ANY(%s::uuid[])
ORDER BY wished_at DESC, reward;

-- name: forget_wishes
-- Nobody wishes for anything under these numbers any more.
DELETE FROM rewards.wish WHERE member_id = ANY(%s::uuid[]);

-- name: coupons
-- Coupons that a person was given.
SELECT b.kind, c.given_at, c.ends, c.used
FROM rewards.coupon AS c
JOIN rewards.coupon_batch AS b ON c.batch = b.number
WHERE c.member_id = ANY(%s::uuid[])
ORDER BY c.given_at DESC, c.code;

-- name: coupon_uses
-- Coupons that a person has used.
SELECT kind, used_at, back_at, minor, points FROM rewards.coupon_use
WHERE member_id = ANY(%s::uuid[]) AND held_until IS NULL
ORDER BY used_at DESC, outcome_id, kind;

-- name: keepsakes
-- Tickets, badges and privileges that these accounts were given, with what they were given for.
SELECT kind, item, pieces, given_at, account_id, outcome_id FROM rewards.keepsake
WHERE account_id = ANY(%s::uuid[])
ORDER BY given_at DESC, item, outcome_id;

-- name: entries
-- The draws in which their tickets took part.
SELECT draw, pieces, account_id, NULL::uuid FROM rewards.draw_entry
WHERE account_id = ANY(%s::uuid[])
ORDER BY draw, label;

-- name: wins
-- What they have won.
SELECT draw, item, place, won_at, handed_at, account_id, outcome_id FROM rewards.win
WHERE account_id = ANY(%s::uuid[])
ORDER BY won_at DESC, id;
