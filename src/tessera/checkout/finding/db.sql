-- checkout.finding: whose receipt it is, and who was here last.

-- name: numbered
-- Receipts of members with one of these numbers, the last posted first; ids grow with time.
SELECT r.id, r.member_id
FROM checkout.receipt AS r
WHERE r.number = ANY(%(numbers)s::text[]) AND r.member_id IS NOT NULL AND r.id < %(before)s::uuid
ORDER BY r.id DESC
LIMIT %(page)s;

-- name: one
-- Whose receipt this is.
SELECT r.id, r.member_id FROM checkout.receipt AS r WHERE r.id = %(id)s AND r.member_id IS NOT NULL;

-- name: lately
-- Walks the receipts from the last posted on, so many of them: those that are the newest of their
-- member say who, the others nobody.
SELECT
    r.id,
    CASE
        WHEN r.member_id IS NOT NULL AND NOT EXISTS (
            SELECT FROM checkout.receipt AS n
            WHERE n.account_id = r.account_id AND n.member_id = r.member_id
                AND (n.happened_at, n.id) > (r.happened_at, r.id)
        ) THEN r.member_id
    END
FROM checkout.receipt AS r
WHERE r.id < %(before)s::uuid
ORDER BY r.id DESC
LIMIT %(walk)s;
