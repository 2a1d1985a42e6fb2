-- The proof of draws. Each check yields sentences, none if all is well, 100 at most.
-- It reads tables of rooms above and below: whoever proves looks everywhere.

-- name: keepsakes
-- Tickets, badges and privileges of an operation are what its decision gives, as it stands after
-- all returns.
WITH
decided AS (
    SELECT
        r.id, r.account_id,
        coalesce(newest.story, convert_from(r.story, 'UTF8')::json) -> 'story' AS story
    FROM checkout.receipt AS r
    LEFT JOIN checkout.last_return AS newest ON r.id = newest.sale_id
    WHERE r.kind = 'sale' AND r.account_id IS NOT NULL
        AND (newest.sale_id IS NOT NULL OR position('"item":'::bytea IN r.story) > 0)
    UNION ALL
    SELECT e.id, e.account_id, convert_from(e.story, 'UTF8')::json -> 'story'
    FROM checkout.event AS e
    WHERE position('"item":'::bytea IN e.story) > 0
),

given AS (
    SELECT d.id, d.account_id, e.kind, e.item, sum(e.given) AS pieces
    FROM decided AS d
    CROSS JOIN LATERAL json_to_recordset(d.story -> 'effects')
    AS e (kind text, item text, given bigint)
    WHERE e.kind IN ('ticket', 'badge', 'privilege') AND e.item <> ''
    GROUP BY d.id, d.account_id, e.kind, e.item
)

SELECT format(
    'operation %s (account %s): %s %s are kept of its %s, its decision gives %s',
    coalesce(k.outcome_id, g.id), coalesce(k.account_id, g.account_id), coalesce(k.pieces, 0),
    coalesce(k.kind, g.kind), coalesce(k.item, g.item), coalesce(g.pieces, 0)
)
FROM rewards.keepsake AS k
FULL JOIN given AS g
    ON k.outcome_id = g.id AND k.account_id = g.account_id AND k.kind = g.kind AND k.item = g.item
WHERE coalesce(k.pieces, 0) <> coalesce(g.pieces, 0)
ORDER BY 1
LIMIT 100;

-- name: prizes
-- So many prizes are given at the till as were won there.
SELECT format(
    'draw %s: %s of the prize %s are given, %s were won', coalesce(p.draw, w.draw),
    coalesce(p.given, 0), coalesce(p.item, w.item), coalesce(w.wins, 0)
)
FROM rewards.draw_prize AS p
FULL JOIN (
    SELECT draw, item, count(*) AS wins FROM rewards.win
    WHERE outcome_id IS NOT NULL
    GROUP BY draw, item
) AS w ON p.draw = w.draw AND p.item = w.item
WHERE coalesce(p.given, 0) <> coalesce(w.wins, 0)
ORDER BY 1
LIMIT 100;

-- name: stock
-- Of no prize more are given than the program has ever had of it.
WITH had AS (
    SELECT d.code AS draw, p.said ->> 'item' AS item,
        max(coalesce((p.said ->> 'count')::bigint, 1)) AS pieces
    FROM program.version AS v
    CROSS JOIN LATERAL jsonb_each(v.body -> 'draws') AS d (code, said)
    CROSS JOIN LATERAL jsonb_array_elements(d.said -> 'prizes') AS p (said)
    GROUP BY d.code, p.said ->> 'item'
)

SELECT format('draw %s: %s of the prize %s are given, there were %s', p.draw, p.given, p.item,
    coalesce(had.pieces, 0))
FROM rewards.draw_prize AS p
LEFT JOIN had ON p.draw = had.draw AND p.item = had.item
WHERE p.given > coalesce(had.pieces, 0)
ORDER BY 1
LIMIT 100;

-- name: wins
-- What was won at the till was given by its sale, to whoever bought; what was drawn belongs to a
-- ticket of the list.
WITH given AS (
    SELECT r.id, r.account_id, e.item, count(*) AS times
    FROM checkout.receipt AS r
    CROSS JOIN LATERAL (SELECT convert_from(r.story, 'UTF8')::json -> 'story') AS said (story)
    CROSS JOIN LATERAL json_to_recordset(said.story -> 'effects') AS e (item text, given bigint)
    WHERE r.id IN (SELECT outcome_id FROM rewards.win) AND e.given > 0
    GROUP BY r.id, r.account_id, e.item
),

won AS (
    SELECT outcome_id, account_id, item, count(*) AS wins FROM rewards.win
    WHERE outcome_id IS NOT NULL
    GROUP BY outcome_id, account_id, item
)

SELECT format(
    'sale %s: account %s has won %s %s times, the sale gave it %s times', won.outcome_id,
    won.account_id, won.item, won.wins, coalesce(given.times, 0)
)
FROM won
LEFT JOIN given
    ON won.outcome_id = given.id AND won.account_id = given.account_id AND won.item = given.item
WHERE won.wins > coalesce(given.times, 0)
UNION ALL
SELECT format('win %s of draw %s: ticket %s of "%s" is not in the list', w.id, w.draw, w.number,
    w.label)
FROM rewards.win AS w
LEFT JOIN rewards.draw_entry AS e
    ON w.draw = e.draw AND w.label = e.label AND w.account_id = e.account_id
WHERE w.label IS NOT NULL AND (e.label IS NULL OR w.number NOT BETWEEN 1 AND e.pieces)
ORDER BY 1
LIMIT 100;

-- name: entries
-- A draw that is over has as many tickets as its list.
SELECT format(
    'draw %s: %s tickets took part, its list has %s', d.code, d.tickets, coalesce(sum(e.pieces), 0)
)
FROM rewards.draw AS d
LEFT JOIN rewards.draw_entry AS e ON d.code = e.draw
WHERE d.shown IS NOT NULL
GROUP BY d.code
HAVING d.tickets <> coalesce(sum(e.pieces), 0)
ORDER BY 1
LIMIT 100;
