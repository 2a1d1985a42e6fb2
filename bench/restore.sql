-- The database of bench/restore.py, many times over: each account with all that receipts have made
-- of it. Each statement adds the twins 1 to `twins` of what is there when it begins.

-- name: twin
-- The n-th twin of an id. Ours begin with 01 (the time), its twins with 0200 and n: later ones, so
-- that they meet at the right edge of an index as new rows do.
CREATE FUNCTION pg_temp.twin(id uuid, n integer) RETURNS uuid IMMUTABLE STRICT LANGUAGE sql
RETURN ('0' || to_hex(512 + n) || substr(id::text, 5))::uuid;

-- name: link
-- The hash of a move, from the one before and the move's words, as ledger/core/words.py makes it.
CREATE FUNCTION pg_temp.link(head bytea, words text) RETURNS bytea IMMUTABLE STRICT LANGUAGE sql
RETURN sha256(head || convert_to(words, 'UTF8'));

-- name: chain
-- The same for moves in their order.
CREATE AGGREGATE pg_temp.chain(text) (sfunc = pg_temp.link, stype = bytea, initcond = '');

-- name: work_mem
-- The moves are sorted twice.
SET work_mem = '256MB';

-- name: members
-- The personal part is not copied: shadows have none.
INSERT INTO members.member (id, account_id, seen_at, registered_at, language, favourites)
SELECT
    pg_temp.twin(m.id, copy.n), pg_temp.twin(m.account_id, copy.n), m.seen_at, m.registered_at,
    m.language, m.favourites
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN members.member AS m;

-- name: identifiers
-- A twin's card has its number in front.
INSERT INTO members.identifier (kind, value, member_id, status, status_reason, since)
SELECT
    i.kind, copy.n || '-' || i.value, pg_temp.twin(i.member_id, copy.n), i.status,
    i.status_reason, i.since
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN members.identifier AS i;

-- name: lots
-- As they are.
INSERT INTO ledger.lot (
    account_id, id, outcome_id, earned_at, expires_at, points, remaining, pending, activates_at,
    waits_for, rolls
)
SELECT
    pg_temp.twin(l.account_id, copy.n), pg_temp.twin(l.id, copy.n),
    pg_temp.twin(l.outcome_id, copy.n), l.earned_at, l.expires_at, l.points, l.remaining,
    l.pending, l.activates_at, l.waits_for, l.rolls
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN ledger.lot AS l;

-- name: moves
-- With a chain of their own, because a hash is made of ids too. They lie in the order of posting.
WITH twin AS (
    SELECT
        copy.n, pg_temp.twin(m.account_id, copy.n) AS account_id, m.seq,
        pg_temp.twin(m.outcome_id, copy.n) AS outcome_id, m.source, m.target, m.points,
        pg_temp.twin(m.lot_id, copy.n) AS lot_id, m.happened_at, m.posted_at
    FROM generate_series(1, %(twins)s) AS copy (n)
    CROSS JOIN ledger.move AS m
)

INSERT INTO ledger.move (
    account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
)
SELECT
    account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at,
    pg_temp.chain(
        concat_ws(
            '|', replace(account_id::text, '-', ''), seq, replace(outcome_id::text, '-', ''),
            source, target, points, coalesce(replace(lot_id::text, '-', ''), '-'),
            (extract(EPOCH FROM happened_at) * 1000000)::bigint,
            (extract(EPOCH FROM posted_at) * 1000000)::bigint
        )
    ) OVER (PARTITION BY account_id ORDER BY seq)
FROM twin
ORDER BY n, posted_at;

-- name: accounts
-- After the moves: the head is the hash of the last one.
INSERT INTO ledger.account (
    id, seq, head, active, debt, holds, soonest_expiry, owner_id, currency, pending, soonest_ripe,
    rolls_until
)
SELECT
    pg_temp.twin(a.id, copy.n), a.seq, coalesce(newest.hash, ''::bytea), a.active, a.debt, a.holds,
    a.soonest_expiry, pg_temp.twin(a.owner_id, copy.n), a.currency, a.pending, a.soonest_ripe,
    a.rolls_until
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN ledger.account AS a
LEFT JOIN ledger.move AS newest
    ON newest.account_id = pg_temp.twin(a.id, copy.n) AND newest.seq = a.seq;

-- name: receipts
-- A twin's receipt has its number in front.
INSERT INTO checkout.receipt (
    id, kind, store_id, till, business_date, shift, number, account_id, member_id, sale_id,
    happened_at, local_at, posted_at, skewed, cashier_id, entry_mode, card_scan_offset,
    gross_minor, to_pay_minor, points_earned, points_spent, program_version, lines, story
)
SELECT
    pg_temp.twin(r.id, copy.n), r.kind, r.store_id, r.till, r.business_date, r.shift,
    copy.n || '-' || r.number, pg_temp.twin(r.account_id, copy.n),
    pg_temp.twin(r.member_id, copy.n), pg_temp.twin(r.sale_id, copy.n), r.happened_at,
    r.local_at, r.posted_at, r.skewed, r.cashier_id, r.entry_mode, r.card_scan_offset,
    r.gross_minor, r.to_pay_minor, r.points_earned, r.points_spent, r.program_version, r.lines,
    r.story
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN checkout.receipt AS r;

-- name: history
-- As it is.
INSERT INTO checkout.history_day (account_id, day, times, units, amount, scope, store_id)
SELECT
    pg_temp.twin(h.account_id, copy.n), h.day, h.times, h.units, h.amount, h.scope, h.store_id
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN checkout.history_day AS h;

-- name: calls
-- One for each receipt.
INSERT INTO access.request (principal_id, key, operation, fingerprint, outcome_id, posted_at)
SELECT
    q.principal_id, copy.n || '-' || q.key, q.operation, q.fingerprint,
    pg_temp.twin(q.outcome_id, copy.n), q.posted_at
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN access.request AS q;

-- name: answers
-- Their bytes name the receipt of which this is a twin.
INSERT INTO access.answer (day, outcome_id, status, body)
SELECT a.day, pg_temp.twin(a.outcome_id, copy.n), a.status, a.body
FROM generate_series(1, %(twins)s) AS copy (n)
CROSS JOIN access.answer AS a;

-- name: settle_down
-- What many inserts leave behind is done now, not while something is measured.
VACUUM (ANALYZE);
