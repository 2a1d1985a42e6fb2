-- name: plan_for_all
-- The tills' connections plan for look-ups by key; a report reads whole tables. Until the
-- transaction ends.
SELECT
    set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
    set_config('enable_mergejoin', 'on', true), set_config('work_mem', '256MB', true);

-- name: outstanding
-- What the moves posted up to an instant left in each lot, by its age and the month of its last
-- day; and which way points went, before the period and in it. One statement, so that both are of
-- one moment. A lot's last day ends at a midnight somewhere: ten and a half hours before it, it is
-- that day in UTC too, for clocks from ten hours behind to thirteen ahead.
WITH
posted AS (
    SELECT account_id, lot_id, source, target, points, posted_at <= %(since)b AS before
    FROM ledger.move
    WHERE posted_at <= %(at)b
),

filled AS (
    SELECT
        account_id, lot_id,
        sum(
            CASE
                WHEN source = 'pending' AND target = 'active' THEN 0
                WHEN target IN ('active', 'pending') THEN points
                ELSE -points
            END
        ) AS points
    FROM posted
    WHERE lot_id IS NOT NULL
    GROUP BY account_id, lot_id
),

aged AS (
    SELECT
        account.currency, filled.points,
        age(%(at)b AT TIME ZONE 'UTC', lot.earned_at AT TIME ZONE 'UTC') AS old,
        CASE WHEN lot.rolls THEN account.rolls_until ELSE lot.expires_at END AS expires_at
    FROM filled
    JOIN ledger.lot ON filled.account_id = lot.account_id AND filled.lot_id = lot.id
    JOIN ledger.account ON filled.account_id = account.id
    WHERE filled.points <> 0
)

SELECT
    currency, greatest(extract(YEAR FROM old) * 12 + extract(MONTH FROM old), 0)::integer AS months,
    coalesce(
        to_char((expires_at - interval '10:30') AT TIME ZONE 'UTC', 'YYYY-MM'), ''
    ) AS expires,
    '' AS source, '' AS target, false AS before, sum(points)::bigint AS points
FROM aged
GROUP BY 1, 2, 3
UNION ALL
SELECT
    account.currency, NULL, '', posted.source, posted.target, posted.before,
    sum(posted.points)::bigint
FROM posted
JOIN ledger.account ON posted.account_id = account.id
GROUP BY account.currency, posted.source, posted.target, posted.before;

-- name: balances
-- What the wallets' rows say now.
SELECT currency, sum(active)::bigint, sum(pending)::bigint, sum(debt)::bigint
FROM ledger.account
GROUP BY currency;
