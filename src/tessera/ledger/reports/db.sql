-- name: plan_for_all
-- The tills' connections plan for look-ups by key; a report reads whole tables. Until the
-- transaction ends. No loops: where the planner knows nothing of the newest moves it takes them for
-- one, and would go through all of them for each lot.
SELECT
    set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
    set_config('enable_mergejoin', 'on', true), set_config('work_mem', '256MB', true),
    set_config('enable_nestloop', 'off', true);

-- name: plan_loops_again
-- For whatever else the transaction asks.
SELECT set_config('enable_nestloop', 'on', true);

-- name: outstanding
-- What was in each lot at an instant, by its age and the month of its last day; and which way
-- points went, before the period and in it. One statement, so that both are of one moment. What is
-- in a lot now is what all its moves make, so then it was that without the moves posted since: few,
-- for most reports. A lot's last day ends at a midnight somewhere: ten and a half hours before it,
-- it is that day in UTC too, for clocks from ten hours behind to thirteen ahead. Lots are added up
-- first where all of them have the same age: those of one day, before the instant's time of day or
-- after it. What is dear to reckon is then reckoned of thousands, not of millions.
WITH
since_then AS (
    SELECT
        account_id, lot_id,
        sum(
            CASE
                WHEN (source, target) IN (('pending', 'active'), ('expired', 'spent')) THEN 0
                WHEN target IN ('active', 'pending') THEN points
                ELSE -points
            END
        )::bigint AS points
    FROM ledger.move
    WHERE posted_at > %(at)b AND lot_id IS NOT NULL
    GROUP BY account_id, lot_id
),

dated AS (
    SELECT
        account.currency, lot.remaining - coalesce(since_then.points, 0) AS points,
        lot.earned_at AT TIME ZONE 'UTC' AS earned_at,
        (CASE WHEN lot.rolls THEN account.rolls_until ELSE lot.expires_at END - interval '10:30')
        AT TIME ZONE 'UTC' AS last_at
    FROM ledger.lot
    JOIN ledger.account ON lot.account_id = account.id
    LEFT JOIN since_then
        ON lot.account_id = since_then.account_id AND lot.id = since_then.lot_id
),

daily AS (
    SELECT
        currency, min(last_at) AS last_at,
        age(%(at)b AT TIME ZONE 'UTC', min(earned_at)) AS old, sum(points) AS points
    FROM dated
    WHERE points <> 0
    GROUP BY
        currency, earned_at::date, earned_at::time > (%(at)b AT TIME ZONE 'UTC')::time,
        date_trunc('month', last_at)
)

SELECT
    currency, greatest(extract(YEAR FROM old) * 12 + extract(MONTH FROM old), 0)::integer AS months,
    coalesce(to_char(last_at, 'YYYY-MM'), '') AS expires,
    '' AS source, '' AS target, false AS before, sum(points)::bigint AS points
FROM daily
GROUP BY 1, 2, 3
UNION ALL
SELECT
    account.currency, NULL, '', move.source, move.target, move.posted_at <= %(since)b,
    sum(move.points)::bigint
FROM ledger.move
JOIN ledger.account ON move.account_id = account.id
WHERE move.posted_at <= %(at)b
GROUP BY account.currency, move.source, move.target, move.posted_at <= %(since)b;

-- name: balances
-- What the wallets' rows say now.
SELECT currency, sum(active)::bigint, sum(pending)::bigint, sum(debt)::bigint
FROM ledger.account
GROUP BY currency;

-- name: count_expiring
-- Wallets of which something expires until then, up to `most`: from the index, the soonest first.
SELECT count(*) FROM (
    SELECT 1 FROM ledger.account AS a
    WHERE a.soonest_expiry > %(now)s AND a.soonest_expiry <= %(until)s
    ORDER BY a.soonest_expiry
    LIMIT %(most)s
) AS found;
