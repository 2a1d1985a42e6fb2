-- ledger.past: what was done with points besides receipts, as lines of one list.

-- name: past
-- Operations on accounts, and points that expired, came back or were carried over, before a place
-- in the list, newest first.
WITH own AS (
    SELECT w.id, w.currency
    FROM ledger.account AS w
    WHERE w.id = ANY(%(ids)s::uuid[]) OR w.owner_id = ANY(%(ids)s::uuid[])
),

line AS (
    SELECT
        o.happened_at AS at, o.kind, o.id::text AS id, o.cause AS what, '' AS state,
        CASE WHEN o.kind = 'extension' THEN o.points ELSE -o.points END AS points, o.currency,
        o.reason
    FROM ledger.operation AS o
    WHERE o.account_id = ANY(%(ids)s::uuid[]) AND o.happened_at <= %(at)s AND o.points > 0
    UNION ALL
    SELECT
        o.happened_at, o.kind, o.id::text || '+', o.cause, '', o.to_points, o.to_currency, o.reason
    FROM ledger.operation AS o
    WHERE coalesce(o.to_account_id, o.account_id) = ANY(%(ids)s::uuid[])
        AND (o.account_id = ANY(%(ids)s::uuid[]) OR o.to_account_id = ANY(%(ids)s::uuid[]))
        AND o.happened_at <= %(at)s AND o.to_points > 0
    UNION ALL
    SELECT
        m.happened_at,
        CASE
            WHEN m.target = 'expired' THEN 'expired'
            WHEN m.source = 'expired' THEN 'kept'
            ELSE 'carried'
        END,
        m.outcome_id::text || m.target || own.currency, '', '',
        sum(CASE WHEN m.target IN ('expired', 'carried_over') THEN -m.points ELSE m.points END)
        ::bigint, own.currency, ''
    FROM own
    JOIN ledger.move AS m ON own.id = m.account_id
    WHERE m.happened_at <= %(at)s
        AND (m.target IN ('expired', 'carried_over') OR m.source IN ('expired', 'carried_over'))
    GROUP BY m.happened_at, m.outcome_id, m.source = 'expired', m.target, own.currency
)

SELECT
    line.at, line.kind, line.id, line.what, line.state, line.points, line.currency, 0, '', '', '',
    '', line.reason
FROM line
WHERE (line.at, line.kind || ':' || line.id) < (%(at)s, %(key)s)
ORDER BY line.at DESC, line.kind || ':' || line.id DESC
LIMIT %(page)s;
