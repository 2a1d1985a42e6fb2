-- rewards.catalogue: rewards, claims and wishes, remembered.

-- name: rewards
-- The catalogue, or what is in one state; codes that nobody has are counted up to 1,000.
SELECT
    reward.code, reward.state, reward.terms, reward.stock, reward.taken, reward.picture,
    reward.made_at, reward.changed_at, pool.free
FROM rewards.reward
LEFT JOIN LATERAL (
    SELECT count(*)::integer AS free
    FROM (
        SELECT FROM rewards.pool_code AS one
        WHERE one.pool = reward.terms ->> 'pool' AND one.claim_id IS NULL
            AND (one.expires_at IS NULL OR one.expires_at > %(now)s)
        LIMIT 1000
    ) AS few
) AS pool ON reward.terms ? 'pool'
WHERE (%(state)s::text IS NULL OR reward.state = %(state)s)
    AND (%(code)s::text IS NULL OR reward.code = %(code)s)
    AND reward.code > %(after)s
ORDER BY reward.code
LIMIT %(most)s;

-- name: add_reward
-- A reward begins as a draft; nothing is told if the code is there.
INSERT INTO rewards.reward (code, state, terms, stock, made_at, changed_at)
VALUES (%(code)s, 'draft', %(terms)s, %(stock)s, %(now)s, %(now)s)
ON CONFLICT DO NOTHING
RETURNING code;

-- name: lock_reward
-- Whoever changes it goes after whoever does so already.
SELECT FROM rewards.reward WHERE code = %s FOR NO KEY UPDATE;

-- name: save_reward
-- Its terms, state and picture; its stock changes with `add_stock`.
UPDATE rewards.reward
SET state = %(state)s, terms = %(terms)s, picture = %(picture)s, changed_at = %(now)s
WHERE code = %(code)s;

-- name: set_stock
-- So many there are in all; not fewer than are claimed.
UPDATE rewards.reward SET stock = %(stock)s, changed_at = %(now)s
WHERE code = %(code)s AND (%(stock)s::bigint IS NULL OR taken <= %(stock)s)
RETURNING code;

-- name: take
-- One piece less, if there is one and the reward is what the claim was decided by.
UPDATE rewards.reward SET taken = taken + 1
WHERE code = %(code)s AND state = 'offered' AND changed_at = %(seen)s
    AND (stock IS NULL OR taken < stock)
RETURNING code;

-- name: put_back
-- One piece more.
UPDATE rewards.reward SET taken = taken - 1 WHERE code = %s;

-- name: add_picture
-- A picture is there once, whatever it is of.
INSERT INTO rewards.picture (hash, media, body, added_at) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING;

-- name: picture
-- A picture by its digest.
SELECT media, body FROM rewards.picture WHERE hash = %s;

-- name: had
-- How many of each a member has claimed since, under any number: all but those whose price came
-- back, that is what was cancelled, and what was not paid in time.
SELECT claim.reward, count(*)
FROM unnest(%(rewards)s::text[], %(since)s::timestamptz[]) AS asked (reward, since)
JOIN rewards.claim ON asked.reward = claim.reward AND claim.claimed_at >= asked.since
WHERE claim.member_id = ANY(%(ids)s::uuid[]) AND claim.state <> 'cancelled'
    AND NOT (claim.state = 'expired' AND claim.money_minor > 0 AND claim.paid_at IS NULL)
GROUP BY claim.reward;

-- name: add_claim
-- A claim, with the terms it was made by.
INSERT INTO rewards.claim (
    id, reward, kind, member_id, account_id, state, currency, points, money_minor, cost_minor,
    funding, partner, sent, mark, code, claimed_at, changed_at, ends_at
) VALUES (
    %(id)s, %(reward)s, %(kind)s, %(member_id)s, %(account_id)s, %(state)s, %(currency)s,
    %(points)s, %(money_minor)s, %(cost_minor)s, %(funding)s, %(partner)s, %(sent)s, %(mark)s,
    %(sealed)s, %(claimed_at)s, %(changed_at)s, %(ends_at)s
);

-- name: add_step
-- What happened to it, and who did it.
INSERT INTO rewards.claim_step (id, claim_id, did, state, at, principal_id, store_id, reason)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s);

-- name: save_claim
-- What has changed of a claim; its row is locked.
UPDATE rewards.claim
SET state = %(state)s, changed_at = %(changed_at)s, ends_at = %(ends_at)s, paid_at = %(paid_at)s,
    revealed_at = %(revealed_at)s, uses = %(uses)s, receivable_minor = %(receivable_minor)s,
    back_id = %(back_id)s
WHERE id = %(id)s;

-- name: claim
-- One claim.
SELECT
    id, reward, kind, member_id, account_id, state, currency, points, money_minor, cost_minor,
    funding, partner, sent, mark, code, claimed_at, changed_at, ends_at, paid_at, revealed_at, uses,
    receivable_minor, back_id
FROM rewards.claim
WHERE id = %s;

-- name: lock_claim
-- Whoever changes it goes after whoever does so already.
SELECT FROM rewards.claim WHERE id = %s FOR NO KEY UPDATE;

-- name: marked
-- Which claim a code is of.
SELECT id FROM rewards.claim WHERE mark = %s;

-- name: claims
-- Claims, the newest first: in a state, of a reward, of a person's numbers; before the one named.
SELECT
    id, reward, kind, member_id, account_id, state, currency, points, money_minor, cost_minor,
    funding, partner, sent, mark, code, claimed_at, changed_at, ends_at, paid_at, revealed_at, uses,
    receivable_minor, back_id
FROM rewards.claim
WHERE (%(state)s::text IS NULL OR state = %(state)s)
    AND (%(reward)s::text IS NULL OR reward = %(reward)s)
    AND (%(ids)s::uuid[] IS NULL OR member_id = ANY(%(ids)s::uuid[]))
    AND (%(before)s::uuid IS NULL OR id < %(before)s)
ORDER BY id DESC
LIMIT %(most)s;

-- name: steps
-- What happened to a claim, in order.
SELECT did, state, at, principal_id, store_id, reason
FROM rewards.claim_step
WHERE claim_id = %s
ORDER BY id;

-- name: due
-- Claims whose time is over.
SELECT id FROM rewards.claim
WHERE state IN ('reserved', 'issued') AND ends_at <= %s
ORDER BY ends_at
LIMIT %s;

-- name: wish
-- A wish; twice is once.
INSERT INTO rewards.wish (member_id, reward, wished_at) VALUES (%s, %s, %s)
ON CONFLICT DO NOTHING;

-- name: unwish
-- It is not wished for any more, under any number of the person.
DELETE FROM rewards.wish WHERE member_id = ANY(%s::uuid[]) AND reward = %s;

-- name: wishes
-- What a person wishes for, under any number.
SELECT reward, max(wished_at) FROM rewards.wish WHERE member_id = ANY(%s::uuid[])
GROUP BY reward
ORDER BY max(wished_at) DESC;
