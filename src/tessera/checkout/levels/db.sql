-- checkout.levels: what counts for tiers.

-- name: amounts
-- What a scope of an account adds up to between two days, both counted. Look-ups by key.
SELECT asked.n, sum(h.times)::bigint, sum(h.amount)::bigint
FROM unnest(%b::uuid[], %b::text[], %b::date[], %b::date[]) WITH ORDINALITY
AS asked (account_id, scope, first, last, n)
CROSS JOIN LATERAL (
    SELECT d.times, d.amount
    FROM checkout.history_day AS d
    WHERE d.account_id = asked.account_id AND d.scope = asked.scope
        AND d.day BETWEEN asked.first AND asked.last
    OFFSET 0
) AS h
GROUP BY asked.n;
