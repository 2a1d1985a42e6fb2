-- checkout.past: receipts and events as lines of one list.

-- name: past
-- Receipts and events of accounts before a place in the list, newest first.
SELECT p.* FROM (
    (
        SELECT
            r.happened_at AS at, r.kind, r.id::text AS id, '' AS what, '' AS state,
            r.points_earned - r.points_spent AS points, '' AS currency, r.to_pay_minor AS minor,
            r.store_id AS store, r.till, r.number
        FROM checkout.receipt AS r
        WHERE r.account_id = ANY(%(ids)s::uuid[]) AND r.happened_at <= %(at)s
            AND (r.happened_at, r.kind || ':' || r.id) < (%(at)s, %(key)s)
        ORDER BY r.happened_at DESC, r.kind || ':' || r.id DESC
        LIMIT %(page)s
    )
    UNION ALL
    (
        SELECT
            e.happened_at, 'event', e.id::text, e.type, '', e.points_earned, '', 0, e.store_id, '',
            e.number
        FROM checkout.event AS e
        WHERE e.account_id = ANY(%(ids)s::uuid[]) AND e.happened_at <= %(at)s
            AND (e.happened_at, 'event:' || e.id) < (%(at)s, %(key)s)
        ORDER BY e.happened_at DESC, 'event:' || e.id DESC
        LIMIT %(page)s
    )
) AS p
ORDER BY p.at DESC, p.kind || ':' || p.id DESC
LIMIT %(page)s;
