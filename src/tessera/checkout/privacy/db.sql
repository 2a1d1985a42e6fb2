-- checkout: what some members bought and did, whatever accounts they were on.

-- name: receipts
-- Their receipts on these accounts, newest first, after the last one seen.
SELECT * FROM checkout.receipt
WHERE account_id = ANY(%(accounts)s::uuid[]) AND member_id = ANY(%(members)s::uuid[])
    AND (%(at)s::timestamptz IS NULL OR (happened_at, id) < (%(at)s, %(id)s))
ORDER BY happened_at DESC, id DESC
LIMIT %(most)s;

-- name: events
-- Their events on these accounts, newest first, after the last one seen.
SELECT
    id, source, number, type, store_id, account_id, member_id, happened_at, local_at, posted_at,
    points_earned, program_version, story
FROM checkout.event
WHERE account_id = ANY(%(accounts)s::uuid[]) AND member_id = ANY(%(members)s::uuid[])
    AND (%(at)s::timestamptz IS NULL OR (happened_at, id) < (%(at)s, %(id)s))
ORDER BY happened_at DESC, id DESC
LIMIT %(most)s;

-- name: active
-- Whether these members bought or did something since, on any of these accounts.
SELECT
    EXISTS (
        SELECT FROM checkout.receipt AS r
        WHERE
            r.account_id = ANY(%(accounts)s::uuid[]) AND r.happened_at > %(since)s
            AND r.member_id = ANY(%(members)s::uuid[])
    )
    OR EXISTS (
        SELECT FROM checkout.event AS e
        WHERE
            e.account_id = ANY(%(accounts)s::uuid[]) AND e.happened_at > %(since)s
            AND e.member_id = ANY(%(members)s::uuid[])
    );

-- name: standings
-- What they have in races, as of the last count.
SELECT board, amount FROM checkout.board_standing
WHERE account_id = ANY(%s::uuid[])
ORDER BY board;

-- name: allowances
-- Points that a till was allowed to take while it is cut off.
SELECT store_id, till, points, used, issued_at, valid_until, closed_at FROM checkout.allowance
WHERE account_id = ANY(%s::uuid[])
ORDER BY id;

-- name: placings
-- Races in which they had a place that won.
SELECT board, place, amount, points, paid_at FROM checkout.board_winner
WHERE account_id = ANY(%s::uuid[])
ORDER BY board;
