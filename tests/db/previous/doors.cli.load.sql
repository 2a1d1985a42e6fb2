-- load: what was sold to whom, to find the sales of goods that come back. Reads the checkout's
-- receipts and nothing else; to become a view of the checkout.

-- name: of_members
-- All receipts of these members. The OFFSET keeps each lookup a lookup on young tables. What a
-- return leaves of its sale is in its story.
SELECT
    r.member_id, r.id, r.kind, r.sale_id, r.store_id, r.till, r.business_date, r.shift, r.number,
    r.happened_at, CASE r.kind WHEN 'sale' THEN r.lines ELSE r.story END AS said
FROM unnest(%b::uuid[], %b::uuid[]) AS asked (account_id, member_id)
CROSS JOIN LATERAL (
    SELECT *
    FROM checkout.receipt AS c
    WHERE c.account_id = asked.account_id AND c.member_id = asked.member_id
    OFFSET 0
) AS r;

-- name: of_nobody
-- All receipts without a member in these stores, read as a stream.
SELECT
    r.member_id, r.id, r.kind, r.sale_id, r.store_id, r.till, r.business_date, r.shift, r.number,
    r.happened_at, CASE r.kind WHEN 'sale' THEN r.lines ELSE r.story END AS said
FROM checkout.receipt AS r
WHERE r.account_id IS NULL AND r.store_id = ANY(%b::text[]);
