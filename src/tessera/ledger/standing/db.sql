-- name: standing
-- Where a wallet stands at an instant, added up here: what can be spent, what open holds keep, what
-- waits, what is owed; and what ends first, all of that local day. The same as the wallet's own
-- words tell (`available`, `held`, `waiting`). No row: it was never begun.
SELECT
    account.debt,
    coalesce(lots.free, 0)::bigint,
    coalesce(kept.points, 0)::bigint,
    coalesce(lots.waiting, 0)::bigint,
    ends.day,
    ends.at,
    coalesce(ends.points, 0)::bigint
FROM ledger.account
LEFT JOIN LATERAL (
    SELECT sum(pin.points) AS points
    FROM ledger.hold
    JOIN ledger.pin ON pin.account_id = hold.account_id AND pin.hold_id = hold.id
    WHERE account.holds > 0 AND hold.account_id = account.id
        AND hold.ended_at IS NULL AND hold.deadline > %(now)b
) AS kept ON TRUE
LEFT JOIN LATERAL (
    SELECT
        sum(greatest(lot.remaining - coalesce(pinned.points, 0), 0))
            FILTER (WHERE NOT lot.pending OR lot.activates_at <= %(now)b) AS free,
        sum(lot.remaining) FILTER (
            WHERE lot.pending AND (lot.activates_at IS NULL OR lot.activates_at > %(now)b)
        ) AS waiting
    FROM ledger.lot
    LEFT JOIN LATERAL (
        SELECT sum(pin.points) AS points
        FROM ledger.hold
        JOIN ledger.pin ON pin.account_id = hold.account_id AND pin.hold_id = hold.id
        WHERE account.holds > 0 AND hold.account_id = account.id AND pin.lot_id = lot.id
            AND hold.ended_at IS NULL AND hold.deadline > %(now)b
    ) AS pinned ON TRUE
    WHERE lot.account_id = account.id AND lot.remaining > 0
        AND coalesce(CASE WHEN lot.rolls THEN account.rolls_until ELSE lot.expires_at END,
            'infinity') > %(now)b
) AS lots ON TRUE
LEFT JOIN LATERAL (
    SELECT last.day, min(last.at) AS at, sum(last.remaining) AS points
    FROM (
        SELECT lot.remaining, until.at,
            ((until.at - interval '1 microsecond') AT TIME ZONE %(zone)b)::date AS day
        FROM ledger.lot
        CROSS JOIN LATERAL (
            SELECT CASE WHEN lot.rolls THEN account.rolls_until ELSE lot.expires_at END AS at
        ) AS until
        WHERE lot.account_id = account.id AND lot.remaining > 0 AND until.at > %(now)b
    ) AS last
    GROUP BY last.day
    ORDER BY last.day
    LIMIT 1
) AS ends ON TRUE
WHERE account.id = %(wallet)b;
