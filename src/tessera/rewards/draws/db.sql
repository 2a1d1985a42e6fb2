-- rewards.draws: seeds, keepsakes, entries and wins, remembered.

-- name: add_draw
-- A draw is published; who was sooner has bound it already.
INSERT INTO rewards.draw (code, seal, bound, made_at) VALUES (%s, %s, %s, %s)
ON CONFLICT DO NOTHING;

-- name: sealed
-- The seeds that are not shown yet.
SELECT code, seal FROM rewards.draw WHERE shown IS NULL;

-- name: draws
-- Every draw that was published, or these; their tickets are looked at only if they are counted.
SELECT
    draw.code, draw.bound, draw.made_at, draw.shown, draw.shown_at, draw.digest, draw.terms,
    coalesce(draw.tickets, CASE WHEN %(counted)s::boolean THEN (
        SELECT coalesce(sum(keepsake.pieces), 0) FROM rewards.keepsake
        WHERE keepsake.kind = 'ticket' AND keepsake.item = draw.code AND keepsake.pieces > 0
    ) END, 0)::bigint AS tickets
FROM rewards.draw
WHERE %(codes)s::text[] IS NULL OR draw.code = ANY(%(codes)s::text[])
ORDER BY draw.code;

-- name: given
-- How many were given of the prizes that are won at once.
SELECT draw, item, given FROM rewards.draw_prize WHERE %(code)s::text IS NULL OR draw = %(code)s;

-- name: begin_prizes
-- Prizes are counted from the first that is won.
INSERT INTO rewards.draw_prize (draw, item, given)
SELECT new.draw, new.item, 0
FROM unnest(%b::text[], %b::text[]) AS new (draw, item)
ORDER BY new.draw, new.item
ON CONFLICT DO NOTHING;

-- name: lock_prizes
-- Whoever may win one of these holds it; the order is everybody's.
SELECT prize.draw
FROM rewards.draw_prize AS prize
JOIN unnest(%b::text[], %b::text[]) AS asked (draw, item)
    ON prize.draw = asked.draw AND prize.item = asked.item
ORDER BY prize.draw COLLATE "C", prize.item COLLATE "C"
FOR NO KEY UPDATE OF prize;

-- name: prizes
-- How many were given of these; they are locked.
SELECT prize.draw, prize.item, prize.given
FROM rewards.draw_prize AS prize
JOIN unnest(%b::text[], %b::text[]) AS asked (draw, item)
    ON prize.draw = asked.draw AND prize.item = asked.item;

-- name: give_prizes
-- How many were given with this batch.
UPDATE rewards.draw_prize AS prize SET given = new.given
FROM unnest(%b::text[], %b::text[], %b::bigint[]) AS new (draw, item, given)
WHERE prize.draw = new.draw AND prize.item = new.item;

-- name: add_keepsakes
-- What a batch of operations gave and took back, each (account, kind, item, operation) once.
INSERT INTO rewards.keepsake AS t (account_id, kind, item, outcome_id, pieces, given_at)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::uuid[]),
    unnest(%b::bigint[]), unnest(%b::timestamptz[])
ON CONFLICT (account_id, kind, item, outcome_id) DO UPDATE SET pieces = t.pieces + excluded.pieces;

-- name: add_wins
-- What was won.
INSERT INTO rewards.win (
    id, draw, item, account_id, outcome_id, place, label, number, won_at
)
SELECT
    unnest(%b::uuid[]), unnest(%b::text[]), unnest(%b::text[]), unnest(%b::uuid[]),
    unnest(%b::uuid[]), unnest(%b::integer[]), unnest(%b::text[]), unnest(%b::bigint[]),
    unnest(%b::timestamptz[]);

-- name: owe_wins
-- The goods of these operations came back: what they won has to.
UPDATE rewards.win SET owed_at = back.at
FROM unnest(%b::uuid[], %b::text[], %b::timestamptz[]) AS back (outcome_id, item, at)
WHERE win.outcome_id = back.outcome_id AND win.item = back.item AND win.owed_at IS NULL;

-- name: lock_draw
-- The draw while it is drawn: its sealed seed, and the seed where that is shown.
SELECT seal, shown FROM rewards.draw WHERE code = %s FOR NO KEY UPDATE;

-- name: take_time
-- Winners are computed while this transaction waits.
SET LOCAL idle_in_transaction_session_timeout = 0;

-- name: tickets
-- The tickets of a draw by account and operation, as they stand.
SELECT account_id, outcome_id, pieces FROM rewards.keepsake
WHERE kind = 'ticket' AND item = %s AND pieces > 0;

-- name: add_entries
-- The list as it took part.
INSERT INTO rewards.draw_entry (draw, label, holder, account_id, pieces)
SELECT
    %b, unnest(%b::text[]), unnest(%b::text[]), unnest(%b::uuid[]), unnest(%b::bigint[]);

-- name: show_draw
-- It is over: its seed, its terms, and what binds its list.
UPDATE rewards.draw SET shown = %s, shown_at = %s, tickets = %s, digest = %s, terms = %s
WHERE code = %s;

-- name: entries
-- A page of the list, by label.
SELECT label, holder, pieces FROM rewards.draw_entry
WHERE draw = %s AND label > %s
ORDER BY label
LIMIT %s;

-- name: wins
-- A draw's wins, those of tickets by their place, then the newest of the till.
SELECT
    win.id, win.item, win.account_id, win.outcome_id, win.place, win.label, win.number, win.won_at,
    win.owed_at, win.handed_at
FROM rewards.win
WHERE win.draw = %s
ORDER BY win.place NULLS LAST, win.won_at DESC, win.id
LIMIT %s;

-- name: hand_over
-- A prize is in the winner's hands; nothing is told of one that is not there, was before, or is
-- owed because the goods came back.
UPDATE rewards.win SET handed_at = %(now)s
WHERE id = %(id)s AND draw = %(draw)s AND handed_at IS NULL AND owed_at IS NULL
RETURNING item;

-- name: held
-- What accounts hold, by kind and item.
SELECT kind, item, sum(pieces)::bigint, min(given_at) FROM rewards.keepsake
WHERE account_id = ANY(%s::uuid[]) AND pieces > 0
GROUP BY kind, item
ORDER BY kind, item;

-- name: won_by
-- What accounts have won, the newest first.
SELECT draw, item, won_at, owed_at, handed_at FROM rewards.win
WHERE account_id = ANY(%s::uuid[])
ORDER BY won_at DESC, id
LIMIT 200;

-- name: my_tickets
-- The operations that gave an account's tickets for a draw, and how many each.
SELECT outcome_id, pieces FROM rewards.keepsake
WHERE account_id = ANY(%s::uuid[]) AND kind = 'ticket' AND item = %s AND pieces > 0
ORDER BY outcome_id;
