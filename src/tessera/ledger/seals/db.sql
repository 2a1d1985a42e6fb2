-- ledger.seals: heads of chains, and whether those of a seal are still in the books.

-- name: all_heads
-- A page of all wallets that ever moved, in id order after one.
SELECT a.id, a.seq, a.head
FROM ledger.account AS a
WHERE a.seq > 0 AND a.id > %(after)s
ORDER BY a.id
LIMIT %(page)s;

-- name: heads_between
-- The last move of each wallet among what was posted in a stretch of time.
SELECT DISTINCT ON (m.account_id) m.account_id, m.seq, m.hash
FROM ledger.move AS m
WHERE m.posted_at >= %(since)s AND m.posted_at < %(until)s
ORDER BY m.account_id, m.seq DESC;

-- name: strangers
-- Of these heads those that are not in the books so: another hash, or no such move.
SELECT s.account_id, s.seq
FROM unnest(%b::uuid[], %b::bigint[], %b::bytea[]) AS s (account_id, seq, hash)
LEFT JOIN ledger.move AS m ON s.account_id = m.account_id AND s.seq = m.seq
WHERE m.hash IS DISTINCT FROM s.hash
ORDER BY s.account_id, s.seq;
