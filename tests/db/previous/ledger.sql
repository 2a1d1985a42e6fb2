-- name: open_accounts
-- Accounts begin when they are first needed; the order keeps two writers from a deadlock.
INSERT INTO ledger.account (id)
SELECT id FROM unnest(%b::uuid[]) AS wanted (id)
ORDER BY id
ON CONFLICT DO NOTHING;

-- name: lock_accounts
-- Locks in the order of ids, as every flow does. Its own columns are as of the lock.
SELECT id, seq, head, active, debt, holds, soonest_expiry
FROM ledger.account
WHERE id = ANY(%b::uuid[])
ORDER BY id
FOR NO KEY UPDATE;

-- name: read_accounts
-- The same without the lock, for those who only look.
SELECT id, seq, head, active, debt, holds, soonest_expiry
FROM ledger.account
WHERE id = ANY(%b::uuid[]);

-- name: open_lots
-- What may be spent, taken back or expire: lots with something in them.
SELECT account_id, id, outcome_id, earned_at, expires_at, points, remaining
FROM ledger.lot
WHERE account_id = ANY(%b::uuid[]) AND remaining > 0;

-- name: lots_of_outcomes
-- The lots that these operations opened or touched, empty ones too.
SELECT account_id, id, outcome_id, earned_at, expires_at, points, remaining
FROM ledger.lot
WHERE (account_id, id) IN (
    SELECT move.account_id, move.lot_id
    FROM ledger.move
    WHERE move.account_id = ANY(%b::uuid[]) AND move.outcome_id = ANY(%b::uuid[])
);

-- name: open_holds
-- Holds that have not ended, with what they pin.
SELECT hold.account_id, hold.id, hold.placed_at, hold.deadline, pin.lot_id, pin.points
FROM ledger.hold
JOIN ledger.pin ON pin.account_id = hold.account_id AND pin.hold_id = hold.id
WHERE hold.account_id = ANY(%b::uuid[]) AND hold.ended_at IS NULL;

-- name: moves_of_outcomes
-- The moves of these operations, in the order in which they were posted.
SELECT account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
FROM ledger.move
WHERE account_id = ANY(%b::uuid[]) AND outcome_id = ANY(%b::uuid[])
ORDER BY account_id, seq;

-- name: save_accounts
-- The locked rows get their new sums and heads.
UPDATE ledger.account
SET seq = new.seq, head = new.head, active = new.active, debt = new.debt, holds = new.holds,
    soonest_expiry = new.soonest_expiry
FROM unnest(
    %b::uuid[], %b::bigint[], %b::bytea[], %b::bigint[], %b::bigint[], %b::integer[],
    %b::timestamptz[]
) AS new (id, seq, head, active, debt, holds, soonest_expiry)
WHERE account.id = new.id;

-- name: add_moves
-- Facts: added, never changed.
INSERT INTO ledger.move (
    account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
)
SELECT * FROM unnest(
    %b::uuid[], %b::bigint[], %b::uuid[], %b::text[], %b::text[], %b::bigint[], %b::uuid[],
    %b::timestamptz[], %b::timestamptz[], %b::bytea[]
);

-- name: add_lots
-- A lot is written as it is at the end of the operation that opens it.
INSERT INTO ledger.lot (account_id, id, outcome_id, earned_at, expires_at, points, remaining)
SELECT * FROM unnest(
    %b::uuid[], %b::uuid[], %b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::bigint[],
    %b::bigint[]
);

-- name: save_lots
-- Lots that existed before give or get points.
UPDATE ledger.lot SET remaining = new.remaining
FROM unnest(%b::uuid[], %b::uuid[], %b::bigint[]) AS new (account_id, id, remaining)
WHERE lot.account_id = new.account_id AND lot.id = new.id;

-- name: add_holds
-- Points kept for an open checkout.
INSERT INTO ledger.hold (account_id, id, points, placed_at, deadline)
SELECT * FROM unnest(
    %b::uuid[], %b::uuid[], %b::bigint[], %b::timestamptz[], %b::timestamptz[]
);

-- name: add_pins
-- The parts of lots that those holds keep.
INSERT INTO ledger.pin (account_id, hold_id, lot_id, points)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::uuid[], %b::bigint[]);

-- name: end_holds
-- A hold ends once.
UPDATE ledger.hold SET ended_at = new.ended_at, ending = new.ending
FROM unnest(
    %b::uuid[], %b::uuid[], %b::timestamptz[], %b::text[]
) AS new (account_id, id, ended_at, ending)
WHERE hold.account_id = new.account_id AND hold.id = new.id AND hold.ended_at IS NULL;

-- name: overdue_holds
-- Accounts with holds past their deadline, for the sweeper.
SELECT DISTINCT account_id FROM ledger.hold
WHERE ended_at IS NULL AND deadline <= %b
LIMIT %b;
