-- name: make_entry
-- Sales and returns, written down before they are sent. `holder` is the process that sends one.
CREATE TABLE IF NOT EXISTS entry (
    id integer PRIMARY KEY,
    kind text NOT NULL,
    number text NOT NULL,
    key text NOT NULL UNIQUE,
    card text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    spent bigint NOT NULL,
    code text NOT NULL DEFAULT '',
    why text NOT NULL DEFAULT '',
    answer text,
    holder text NOT NULL,
    made_at double precision NOT NULL
);

-- name: make_entry_state
-- What is to be sent is found without walking through what was.
CREATE INDEX IF NOT EXISTS entry_state ON entry (state, id);

-- name: make_entry_number
-- Returns name their sale by its number.
CREATE INDEX IF NOT EXISTS entry_number ON entry (number);

-- name: make_allowance
-- What each card may spend while the line is cut, and how much of it was.
CREATE TABLE IF NOT EXISTS allowance (
    card text PRIMARY KEY,
    token text NOT NULL,
    points bigint NOT NULL,
    used bigint NOT NULL,
    step bigint NOT NULL,
    worth_minor bigint NOT NULL,
    max_percent bigint NOT NULL,
    issued_at double precision NOT NULL,
    valid_until double precision NOT NULL
);

-- name: make_counter
-- The last receipt number, and a word that no other book begins its numbers with.
CREATE TABLE IF NOT EXISTS counter (
    one integer PRIMARY KEY,
    book text NOT NULL,
    last bigint NOT NULL
);

-- name: begin_counter
-- The book's own word; one that is there stays.
INSERT INTO counter (one, book, last) VALUES (1, %s, 0) ON CONFLICT (one) DO NOTHING;

-- name: count_on
-- The next number.
UPDATE counter SET last = last + 1;

-- name: number
-- The book's word and the number counted last.
SELECT book, last FROM counter;

-- name: add
-- A sale or a return, in the hands of this process or to be sent later.
INSERT INTO entry (kind, number, key, card, body, state, spent, holder, made_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s);

-- name: settle
-- What became of it.
UPDATE entry SET state = %s, code = %s, why = %s, answer = %s, holder = '' WHERE id = %s;

-- name: say_otherwise
-- It is said in other words, under another key, and is to be sent.
UPDATE entry
SET body = %s, key = %s, spent = %s, state = 'queued', code = '', why = '', holder = ''
WHERE id = %s;

-- name: by_state
-- Entries in one of these states, in their order.
SELECT id, kind, number, key, card, body, state, spent, code, why, answer
FROM entry WHERE state = %s ORDER BY id LIMIT %s;

-- name: by_id
-- One entry.
SELECT id, kind, number, key, card, body, state, spent, code, why, answer
FROM entry WHERE id = %s;

-- name: by_number
-- The sale of this number that was written down last.
SELECT id, kind, number, key, card, body, state, spent, code, why, answer
FROM entry WHERE number = %s AND kind = 'sale' ORDER BY id DESC LIMIT 1;

-- name: count_states
-- How many there are in each state.
SELECT state, count(*) FROM entry GROUP BY state;

-- name: holders
-- The processes that were sending something.
SELECT DISTINCT holder FROM entry WHERE state = 'open';

-- name: take_over
-- What a process that is gone was sending is to be sent.
UPDATE entry SET state = 'queued', holder = '' WHERE state = 'open' AND holder = %s;

-- name: forget
-- What was done long ago.
DELETE FROM entry WHERE state IN ('done', 'told', 'void', 'dropped') AND made_at < %s;

-- name: unsent_of
-- Entries of a card that the server does not know of yet.
SELECT count(*) FROM entry WHERE card = %s AND state IN ('open', 'queued', 'refused');

-- name: allowance
-- What a card may spend while the line is cut.
SELECT token, points, used, step, worth_minor, max_percent, issued_at, valid_until
FROM allowance WHERE card = %s;

-- name: keep_allowance
-- A fresh allowance takes the place of the one there was.
INSERT INTO allowance (
    card, token, points, used, step, worth_minor, max_percent, issued_at, valid_until
) VALUES (%s, %s, %s, 0, %s, %s, %s, %s, %s)
ON CONFLICT (card) DO UPDATE SET
    token = excluded.token, points = excluded.points, used = 0, step = excluded.step,
    worth_minor = excluded.worth_minor, max_percent = excluded.max_percent,
    issued_at = excluded.issued_at, valid_until = excluded.valid_until;

-- name: use
-- Points are spent under it, if so many are left.
UPDATE allowance SET used = used + %s WHERE card = %s AND token = %s AND points - used >= %s;
