-- name: open_accounts
-- Accounts begin when they are first needed; the order keeps two writers from a deadlock. Told are
-- those that were begun here: they are nobody else's before the commit.
INSERT INTO ledger.account (id)
SELECT id FROM unnest(%b::uuid[]) AS wanted (id)
ORDER BY id
ON CONFLICT DO NOTHING
RETURNING
    id, seq, head, active, debt, holds, soonest_expiry, pending, soonest_ripe, rolls_until,
    joined_to;

-- name: open_wallets
-- Wallets of other currencies, likewise.
INSERT INTO ledger.account (id, owner_id, currency)
SELECT id, owner_id, currency
FROM unnest(%b::uuid[], %b::uuid[], %b::text[]) AS wanted (id, owner_id, currency)
ORDER BY id
ON CONFLICT DO NOTHING;

-- name: lock_accounts
-- Locks in the order of ids, as every flow does. Its own columns are as of the lock.
SELECT
    id, seq, head, active, debt, holds, soonest_expiry, pending, soonest_ripe, rolls_until,
    joined_to
FROM ledger.account
WHERE id = ANY(%b::uuid[])
ORDER BY id
FOR NO KEY UPDATE;

-- name: read_accounts
-- The same without the lock, for those who only look.
SELECT
    id, seq, head, active, debt, holds, soonest_expiry, pending, soonest_ripe, rolls_until,
    joined_to
FROM ledger.account
WHERE id = ANY(%b::uuid[]);

-- name: open_lots
-- What may be spent, taken back or expire: lots with something in them.
SELECT
    account_id, id, outcome_id, earned_at, expires_at, points, remaining, pending, activates_at,
    waits_for, rolls
FROM ledger.lot
WHERE account_id = ANY(%b::uuid[]) AND remaining > 0;

-- name: lots_of_outcomes
-- The lots that these operations opened or touched, empty ones too.
SELECT
    account_id, id, outcome_id, earned_at, expires_at, points, remaining, pending, activates_at,
    waits_for, rolls
FROM ledger.lot
WHERE account_id = ANY(%(accounts)b::uuid[]) AND (
    outcome_id = ANY(%(outcomes)b::uuid[])
    OR (account_id, id) IN (
        SELECT move.account_id, move.lot_id
        FROM ledger.move
        WHERE
            move.account_id = ANY(%(accounts)b::uuid[])
            AND move.outcome_id = ANY(%(outcomes)b::uuid[])
    )
);

-- name: carried_before
-- What has expired at each instant, and what of it was carried over. What came carried from an
-- account that was joined to this one counts too; what was spent before it expired does not.
SELECT
    account_id, happened_at,
    sum(CASE WHEN source = 'active' THEN points ELSE 0 END)::bigint AS gone,
    sum(CASE WHEN source = 'expired' THEN points ELSE 0 END)::bigint AS carried
FROM ledger.move
WHERE
    account_id = ANY(%(accounts)b::uuid[])
    AND (source, target) IN (('active', 'expired'), ('expired', 'active'))
GROUP BY account_id, happened_at
UNION ALL
SELECT account_id, earned_at, 0::bigint AS gone, sum(points)::bigint AS carried
FROM ledger.lot
WHERE account_id = ANY(%(accounts)b::uuid[]) AND came_from IS NOT NULL
GROUP BY account_id, earned_at
UNION ALL
SELECT move.account_id, lot.expires_at, -sum(move.points)::bigint AS gone, 0::bigint AS carried
FROM ledger.move
JOIN ledger.lot ON move.account_id = lot.account_id AND move.lot_id = lot.id
WHERE move.account_id = ANY(%(accounts)b::uuid[])
    AND (move.source, move.target) = ('expired', 'spent') AND lot.expires_at IS NOT NULL
GROUP BY move.account_id, lot.expires_at;

-- name: open_holds
-- Holds that have not ended, with what they pin.
SELECT hold.account_id, hold.id, hold.placed_at, hold.deadline, pin.lot_id, pin.points
FROM ledger.hold
JOIN ledger.pin ON pin.account_id = hold.account_id AND pin.hold_id = hold.id
WHERE hold.account_id = ANY(%b::uuid[]) AND hold.ended_at IS NULL;

-- name: moves_of_outcomes
-- The moves of these operations and what has expired or lived on since, in the order in which they
-- were posted.
SELECT account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
FROM ledger.move
WHERE account_id = ANY(%b::uuid[]) AND (
    outcome_id = ANY(%b::uuid[]) OR 'expired' IN (source, target)
)
ORDER BY account_id, seq;

-- name: save_accounts
-- The locked rows get their new sums and heads.
UPDATE ledger.account
SET seq = new.seq, head = new.head, active = new.active, debt = new.debt, holds = new.holds,
    soonest_expiry = new.soonest_expiry
FROM (
    SELECT
        unnest(%b::uuid[]) AS id, unnest(%b::bigint[]) AS seq, unnest(%b::bytea[]) AS head,
        unnest(%b::bigint[]) AS active, unnest(%b::bigint[]) AS debt,
        unnest(%b::integer[]) AS holds, unnest(%b::timestamptz[]) AS soonest_expiry
) AS new
WHERE account.id = new.id;

-- name: save_waiting
-- What only wallets with pending or rolling points have.
UPDATE ledger.account
SET pending = new.pending, soonest_ripe = new.soonest_ripe, rolls_until = new.rolls_until
FROM unnest(
    %b::uuid[], %b::bigint[], %b::timestamptz[], %b::timestamptz[]
) AS new (id, pending, soonest_ripe, rolls_until)
WHERE account.id = new.id;

-- name: add_moves
-- Facts: added, never changed.
INSERT INTO ledger.move (
    account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
)
SELECT
    unnest(%b::uuid[]), unnest(%b::bigint[]), unnest(%b::uuid[]), unnest(%b::text[]),
    unnest(%b::text[]), unnest(%b::bigint[]), unnest(%b::uuid[]), unnest(%b::timestamptz[]),
    unnest(%b::timestamptz[]), unnest(%b::bytea[]);

-- name: add_lots
-- A lot is written as it is at the end of the operation that opens it.
INSERT INTO ledger.lot (account_id, id, outcome_id, earned_at, expires_at, points, remaining)
SELECT
    unnest(%b::uuid[]), unnest(%b::uuid[]), unnest(%b::uuid[]), unnest(%b::timestamptz[]),
    unnest(%b::timestamptz[]), unnest(%b::bigint[]), unnest(%b::bigint[]);

-- name: add_waiting_lots
-- Lots that are pending at first, or that roll, or that came from another wallet.
INSERT INTO ledger.lot (
    account_id, id, outcome_id, earned_at, expires_at, points, remaining, pending, activates_at,
    waits_for, rolls, came_from
)
SELECT * FROM unnest(
    %b::uuid[], %b::uuid[], %b::uuid[], %b::timestamptz[], %b::timestamptz[], %b::bigint[],
    %b::bigint[], %b::boolean[], %b::timestamptz[], %b::text[], %b::boolean[], %b::uuid[]
);

-- name: save_waiting_lots
-- Lots that ripened, or live longer than before.
UPDATE ledger.lot
SET remaining = new.remaining, pending = new.pending, expires_at = new.expires_at
FROM unnest(
    %b::uuid[], %b::uuid[], %b::bigint[], %b::boolean[], %b::timestamptz[]
) AS new (account_id, id, remaining, pending, expires_at)
WHERE lot.account_id = new.account_id AND lot.id = new.id;

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

-- name: ripe_wallets
-- Wallets in which points can be spent by an instant, in the order of the time of it; keyset pages.
SELECT soonest_ripe, id, currency
FROM ledger.account
WHERE soonest_ripe <= %(at)b AND (soonest_ripe, id) > (%(after)b, %(after_id)b)
ORDER BY soonest_ripe, id
LIMIT %(most)b;

-- name: over_wallets
-- Wallets in which points have expired by an instant, likewise: what an open hold keeps back is met
-- once in a run.
SELECT soonest_expiry, id, currency
FROM ledger.account
WHERE soonest_expiry <= %(at)b AND (soonest_expiry, id) > (%(after)b, %(after_id)b)
ORDER BY soonest_expiry, id
LIMIT %(most)b;

-- name: count_due
-- How many wallets there are for a run, for those who watch it.
SELECT
    (SELECT count(*) FROM ledger.account WHERE soonest_ripe <= %(at)b)
    + (SELECT count(*) FROM ledger.account WHERE soonest_expiry <= %(at)b);

-- name: open_run
-- A run that was begun and not finished: whoever comes next goes on with it.
SELECT
    id, kind, at, started_at, phase, after, after_id, wallets, activated, expired, carried,
    finished_at
FROM ledger.run
WHERE finished_at IS NULL
ORDER BY started_at
LIMIT 1;

-- name: newest_runs
-- The last runs.
SELECT
    id, kind, at, started_at, phase, after, after_id, wallets, activated, expired, carried,
    finished_at
FROM ledger.run
ORDER BY started_at DESC, id DESC
LIMIT %b;

-- name: save_run
-- How far a run is, in the transaction of what it posts.
INSERT INTO ledger.run (
    id, kind, at, started_at, phase, after, after_id, wallets, activated, expired, carried,
    finished_at
)
VALUES (%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
ON CONFLICT (id) DO UPDATE SET
    phase = excluded.phase, after = excluded.after, after_id = excluded.after_id,
    wallets = excluded.wallets, activated = excluded.activated, expired = excluded.expired,
    carried = excluded.carried, finished_at = excluded.finished_at;

-- name: take_turn
-- One run at a time, and none while old receipts are loaded: false if another has the turn.
SELECT pg_try_advisory_lock(hashtext('ledger.run'));

-- name: end_turn
-- Another may run now.
SELECT pg_advisory_unlock(hashtext('ledger.run'));

-- name: bar_runs
-- No run while this connection lives: several loads may bar them at a time.
SELECT pg_try_advisory_lock_shared(hashtext('ledger.run'));

-- name: lead_loads
-- Of several loads one lets time pass: false if another does. It ends with the connection.
SELECT pg_try_advisory_lock(hashtext('ledger.run of loads'));

-- name: end_lead
-- Another load may.
SELECT pg_advisory_unlock(hashtext('ledger.run of loads'));

-- name: unbar_runs
-- Runs may come again.
SELECT pg_advisory_unlock_shared(hashtext('ledger.run'));

-- name: currencies
-- Of which currency these wallets are.
SELECT id, currency FROM ledger.account WHERE id = ANY(%b::uuid[]);

-- name: wallets_of
-- All wallets of an account, its own points first.
SELECT id, currency FROM ledger.account WHERE id = %(account)b
UNION ALL
SELECT id, currency FROM ledger.account WHERE owner_id = %(account)b
ORDER BY currency;
