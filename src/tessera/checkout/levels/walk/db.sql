-- checkout.levels.walk: what everybody has, page by page.

-- name: after
-- Registered accounts after one, and what they have of a scope between two days; who has nothing
-- too. Look-ups by key.
SELECT a.account_id, coalesce(h.times, 0)::bigint, coalesce(h.amount, 0)::bigint
FROM (
    SELECT DISTINCT p.account_id
    FROM members.present AS p
    WHERE p.account_id > %(after)s
    ORDER BY p.account_id
    LIMIT %(most)s
) AS a
LEFT JOIN LATERAL (
    SELECT sum(d.times) AS times, sum(d.amount) AS amount
    FROM checkout.history_day AS d
    WHERE d.account_id = a.account_id AND d.scope = %(scope)s
        AND d.day BETWEEN %(first)s AND %(last)s
) AS h ON TRUE
ORDER BY a.account_id;
