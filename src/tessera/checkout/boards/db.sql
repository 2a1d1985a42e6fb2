-- checkout.boards: what members have on boards, and who won.

-- name: boards
-- Every board that was counted.
SELECT b.code, b.as_of, b.took_ms, b.members, b.closed_at, b.terms
FROM checkout.board AS b
ORDER BY b.code;

-- name: turn
-- One process at a time counts or closes: the lock ends with the transaction.
SELECT pg_try_advisory_xact_lock(hashtextextended('checkout.board ' || %(board)s, 0));

-- name: plan
-- Everybody's days are read, not looked up; to the end of the transaction, however long that takes.
SELECT
    set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
    set_config('enable_mergejoin', 'on', true), set_config('work_mem', '256MB', true),
    set_config('statement_timeout', '30min', true);

-- name: count
-- What everybody who is there has in the days that count; who has nothing left is none of them.
-- Rows that stay as they were are not written.
WITH counted AS (
    SELECT
        h.account_id,
        sum(CASE WHEN %(times)s THEN h.times::bigint ELSE h.amount END)::bigint AS amount
    FROM checkout.history_day AS h
    WHERE
        h.scope = %(scope)s AND h.day BETWEEN %(first)s AND %(last)s
        AND (%(stores)s::text[] IS NULL OR h.store_id = ANY(%(stores)s::text[]))
    GROUP BY h.account_id
),

kept AS (
    SELECT c.account_id, c.amount
    FROM counted AS c
    WHERE c.amount > 0
        AND EXISTS (SELECT FROM members.present AS p WHERE p.account_id = c.account_id)
),

gone AS (
    DELETE FROM checkout.board_standing AS s
    WHERE s.board = %(board)s
        AND NOT EXISTS (SELECT FROM kept AS k WHERE k.account_id = s.account_id)
),

written AS (
    INSERT INTO checkout.board_standing AS s (board, account_id, amount)
    SELECT %(board)s, k.account_id, k.amount FROM kept AS k
    ON CONFLICT (board, account_id) DO UPDATE SET amount = excluded.amount
    WHERE s.amount <> excluded.amount
)

SELECT count(*) FROM kept;

-- name: drop_rungs
-- They are made anew with every count.
DELETE FROM checkout.board_rung WHERE board = %(board)s;

-- name: add_rungs
-- How many have so much or more, every thousand members.
INSERT INTO checkout.board_rung (board, amount, reached)
SELECT DISTINCT %(board)s, ranked.amount, ranked.reached
FROM (
    SELECT
        s.amount, count(*) OVER (ORDER BY s.amount DESC) AS reached,
        row_number() OVER (ORDER BY s.amount DESC, s.account_id) AS n
    FROM checkout.board_standing AS s
    WHERE s.board = %(board)s
) AS ranked
WHERE mod(ranked.n, 1000) = 0;

-- name: note
-- It was counted.
INSERT INTO checkout.board (code, as_of, took_ms, members)
VALUES (%(board)s, %(at)s, %(took_ms)s, %(members)s)
ON CONFLICT (code) DO UPDATE SET
    as_of = excluded.as_of, took_ms = excluded.took_ms, members = excluded.members;

-- name: close
-- It is closed, on these terms; its standings stay as they are.
UPDATE checkout.board SET closed_at = %(at)s, terms = %(terms)s WHERE code = %(board)s;

-- name: first
-- Who has most, so many, and all who have as much as the last of them.
SELECT s.account_id, s.amount
FROM checkout.board_standing AS s
WHERE s.board = %(board)s
ORDER BY s.amount DESC
FETCH FIRST %(most)s ROWS WITH TIES;

-- name: top
-- A page of who has most, with their places; who have the same in the order of ids.
SELECT s.account_id, s.amount, rank() OVER (ORDER BY s.amount DESC) AS place
FROM (
    SELECT t.account_id, t.amount
    FROM checkout.board_standing AS t
    WHERE t.board = %(board)s
    ORDER BY t.amount DESC, t.account_id
    LIMIT %(most)s
) AS s
ORDER BY s.amount DESC, s.account_id;

-- name: place
-- Where an account stands: counted from the rung above, so a thousand rows at most.
SELECT
    s.amount,
    1 + coalesce(rung.reached, 0) + (
        SELECT count(*) FROM checkout.board_standing AS a
        WHERE a.board = s.board AND a.amount > s.amount
            AND a.amount < coalesce(rung.amount, 9223372036854775807)
    ) AS place,
    (
        SELECT count(*) FROM (
            SELECT FROM checkout.board_standing AS e
            WHERE e.board = s.board AND e.amount = s.amount
            LIMIT 1000
        ) AS equal
    ) AS sharing,
    (
        SELECT min(a.amount) FROM checkout.board_standing AS a
        WHERE a.board = s.board AND a.amount > s.amount
    ) AS above
FROM checkout.board_standing AS s
LEFT JOIN LATERAL (
    SELECT r.amount, r.reached
    FROM checkout.board_rung AS r
    WHERE r.board = s.board AND r.amount > s.amount
    ORDER BY r.amount
    LIMIT 1
) AS rung ON TRUE
WHERE s.board = %(board)s AND s.account_id = %(account)s;

-- name: add_winners
-- Who wins points, when the board is closed.
INSERT INTO checkout.board_winner (id, board, account_id, place, sharing, amount, points)
SELECT
    unnest(%b::uuid[]), %b, unnest(%b::uuid[]), unnest(%b::integer[]), unnest(%b::integer[]),
    unnest(%b::bigint[]), unnest(%b::bigint[]);

-- name: owed
-- Winners who wait for their points.
SELECT w.id FROM checkout.board_winner AS w
WHERE w.paid_at IS NULL AND w.unpaid = ''
ORDER BY w.id
LIMIT %(most)s;

-- name: winner
-- One of them, to look at before an account is locked.
SELECT
    w.id, w.board, w.account_id, w.place, w.sharing, w.amount, w.points, w.paid_at, w.unpaid
FROM checkout.board_winner AS w
WHERE w.id = %(id)s;

-- name: lock_winner
-- The same, held.
SELECT
    w.id, w.board, w.account_id, w.place, w.sharing, w.amount, w.points, w.paid_at, w.unpaid
FROM checkout.board_winner AS w
WHERE w.id = %(id)s
FOR UPDATE;

-- name: pay
-- The points have come, or why they never do.
UPDATE checkout.board_winner SET paid_at = %(at)s, unpaid = %(unpaid)s WHERE id = %(id)s;

-- name: winners
-- Who won on a board, the first place first.
SELECT
    w.id, w.board, w.account_id, w.place, w.sharing, w.amount, w.points, w.paid_at, w.unpaid
FROM checkout.board_winner AS w
WHERE w.board = %(board)s
ORDER BY w.place, w.account_id
LIMIT %(most)s;

-- name: sums
-- How many won on each board, how many of them were paid, and how many points that is.
SELECT w.board, count(*), count(w.paid_at), sum(w.points)::bigint
FROM checkout.board_winner AS w
GROUP BY w.board;

-- name: won
-- What accounts won, and where they stand.
SELECT w.board, w.place, w.amount, w.points, w.paid_at
FROM checkout.board_winner AS w
WHERE w.account_id = ANY(%(accounts)s::uuid[])
ORDER BY w.board;
