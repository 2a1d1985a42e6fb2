-- The proof of the ledger. Each check yields sentences, none if all is well, 100 at most.

-- name: snapshot
-- Everything after this sees one moment, and changes nothing. Must be the transaction's first word.
SET LOCAL transaction_isolation TO 'repeatable read';

-- name: plan_for_all
-- No writing from here on. The till's connections plan for look-ups by key, a proof reads whole
-- tables. Until the transaction ends.
SELECT
    set_config('transaction_read_only', 'on', true),
    set_config('enable_seqscan', 'on', true), set_config('enable_hashjoin', 'on', true),
    set_config('enable_mergejoin', 'on', true), set_config('work_mem', '256MB', true),
    set_config('jit', 'off', true);

-- name: counts
-- How much there is to prove.
SELECT
    (SELECT count(*) FROM ledger.move), (SELECT count(*) FROM ledger.lot),
    (SELECT count(*) FROM ledger.hold), (SELECT count(*) FROM ledger.account);

-- name: moves
-- Every move goes a way that exists, and names a lot exactly if it touches `active`, or spends what
-- had expired.
SELECT format(
    'account %s: move %s of %s points goes from %s to %s %s, which no operation posts',
    account_id, seq, points, source, target,
    CASE WHEN lot_id IS NULL THEN 'without a lot' ELSE 'with a lot' END
)
FROM ledger.move
WHERE
    points <= 0 OR source = target
    OR (lot_id IS NOT NULL) <> (
        'active' IN (source, target) OR 'pending' IN (source, target)
        OR (source, target) = ('expired', 'spent')
    )
    OR CASE source
        WHEN 'active' THEN target NOT IN (
            'spent', 'reversed', 'debt', 'expired', 'sent', 'donated', 'exchanged', 'adjusted',
            'joined'
        )
        WHEN 'pending' THEN target NOT IN ('active', 'reversed', 'expired', 'joined')
        WHEN 'debt' THEN target NOT IN ('reversed', 'spent', 'adjusted', 'carried_over', 'joined')
        WHEN 'joined' THEN target NOT IN ('active', 'pending', 'debt')
        WHEN 'spent' THEN target NOT IN ('active', 'debt')
        WHEN 'issued' THEN target NOT IN ('active', 'pending')
        WHEN 'sent' THEN target NOT IN ('active', 'pending')
        WHEN 'exchanged' THEN target NOT IN ('active', 'pending')
        WHEN 'adjusted' THEN target NOT IN ('active', 'pending')
        WHEN 'carried_over' THEN target NOT IN ('active', 'pending')
        WHEN 'expired' THEN target NOT IN ('active', 'reversed', 'spent')
        ELSE true
    END
ORDER BY account_id, seq
LIMIT 100;

-- name: accounts
-- An account's row says what its moves, its lots and its holds say.
WITH
moved AS (
    SELECT
        account_id, count(*) AS n, min(seq) AS first_seq, max(seq) AS last_seq,
        sum(CASE 'active' WHEN target THEN points WHEN source THEN -points ELSE 0 END) AS active,
        sum(CASE 'pending' WHEN target THEN points WHEN source THEN -points ELSE 0 END) AS pending,
        sum(CASE 'debt' WHEN source THEN points WHEN target THEN -points ELSE 0 END) AS debt,
        sum(CASE 'expired' WHEN target THEN points WHEN source THEN -points ELSE 0 END) AS expired
    FROM ledger.move
    GROUP BY account_id
),

kept AS (
    SELECT
        lot.account_id,
        coalesce(sum(lot.remaining) FILTER (WHERE NOT lot.pending), 0) AS points,
        coalesce(sum(lot.remaining) FILTER (WHERE lot.pending), 0) AS pending,
        min(CASE WHEN lot.rolls THEN account.rolls_until ELSE lot.expires_at END)
            FILTER (WHERE lot.remaining > 0) AS soonest,
        min(lot.activates_at) FILTER (WHERE lot.remaining > 0 AND lot.pending) AS ripe
    FROM ledger.lot
    LEFT JOIN ledger.account ON lot.account_id = account.id
    GROUP BY lot.account_id
),

held AS (
    SELECT account_id, count(*) AS n FROM ledger.hold WHERE ended_at IS NULL GROUP BY account_id
),

whole AS (
    SELECT
        coalesce(account.id, moved.account_id, kept.account_id, held.account_id) AS id,
        account.id IS NULL AS missing, account.seq, account.head, account.active, account.debt,
        account.holds, account.soonest_expiry, account.pending, account.soonest_ripe,
        account.joined_to, coalesce(moved.expired, 0) AS expired,
        coalesce(moved.n, 0) AS moves, coalesce(moved.first_seq, 1) AS first_seq,
        coalesce(moved.last_seq, 0) AS last_seq,
        coalesce(moved.active, 0) AS moved_active, coalesce(moved.debt, 0) AS moved_debt,
        coalesce(moved.pending, 0) AS moved_pending, coalesce(kept.pending, 0) AS pending_in_lots,
        coalesce(kept.points, 0) AS in_lots, kept.soonest, kept.ripe,
        coalesce(held.n, 0) AS open_holds
    FROM ledger.account
    FULL JOIN moved ON account.id = moved.account_id
    FULL JOIN kept ON coalesce(account.id, moved.account_id) = kept.account_id
    FULL JOIN held ON coalesce(account.id, moved.account_id, kept.account_id) = held.account_id
),

told AS (
    SELECT concat_ws(E'\n',
        CASE WHEN whole.missing THEN format(
            'account %s: has %s moves, %s points in lots, %s holds, but no row',
            whole.id, whole.moves, whole.in_lots, whole.open_holds
        ) END,
        CASE WHEN whole.first_seq <> 1 OR whole.last_seq <> whole.moves THEN format(
            'account %s: moves run from %s to %s, expected %s of them, found %s: some are missing',
            whole.id, whole.first_seq, whole.last_seq, whole.last_seq, whole.moves
        ) END,
        CASE WHEN whole.seq <> whole.last_seq THEN format(
            'account %s: its row counts %s moves, the last one found is %s',
            whole.id, whole.seq, whole.last_seq
        ) END,
        CASE WHEN whole.head <> coalesce(newest.hash, ''::bytea) THEN format(
            'account %s: its head is not the hash of its last move, %s', whole.id, whole.last_seq
        ) END,
        CASE WHEN whole.active <> whole.moved_active THEN format(
            'account %s: active is %s, expected %s by its moves',
            whole.id, whole.active, whole.moved_active
        ) END,
        CASE WHEN whole.active <> whole.in_lots THEN format(
            'account %s: active is %s, expected %s by its lots',
            whole.id, whole.active, whole.in_lots
        ) END,
        CASE WHEN
            whole.pending <> whole.moved_pending OR whole.pending <> whole.pending_in_lots
            THEN format(
                'account %s: pending is %s, expected %s by its moves and %s by its lots',
                whole.id, whole.pending, whole.moved_pending, whole.pending_in_lots
            ) END,
        CASE WHEN whole.ripe < coalesce(whole.soonest_ripe, 'infinity') THEN format(
            'account %s: a lot is active from %s, sooner than its row knows (%s)',
            whole.id, whole.ripe, coalesce(whole.soonest_ripe::text, 'never')
        ) END,
        CASE WHEN whole.debt <> whole.moved_debt THEN format(
            'account %s: debt is %s, expected %s by its moves',
            whole.id, whole.debt, whole.moved_debt
        ) END,
        -- Of accounts that were joined, what expired in one may come back in another.
        CASE WHEN whole.expired < 0 AND whole.joined_to IS NULL THEN format(
            'account %s: %s points more came out of what had expired than there were',
            whole.id, -whole.expired
        ) END,
        CASE WHEN whole.holds <> whole.open_holds THEN format(
            'account %s: its row counts %s open holds, found %s',
            whole.id, whole.holds, whole.open_holds
        ) END,
        CASE WHEN whole.soonest < coalesce(whole.soonest_expiry, 'infinity') THEN format(
            'account %s: a lot expires at %s, sooner than its row knows (%s)',
            whole.id, whole.soonest, coalesce(whole.soonest_expiry::text, 'never')
        ) END
    ) AS difference
    FROM whole
    LEFT JOIN ledger.move AS newest ON whole.id = newest.account_id AND whole.last_seq = newest.seq
)

SELECT difference FROM told WHERE difference <> '' ORDER BY difference LIMIT 100;

-- name: lots
-- A lot holds what its moves left in it; it was opened once, by its first move, with its points.
WITH
moved AS (
    SELECT
        account_id, lot_id, min(seq) AS first_seq,
        sum(
            CASE
                WHEN (source, target) IN (('pending', 'active'), ('expired', 'spent')) THEN 0
                WHEN target IN ('active', 'pending') THEN points
                ELSE -points
            END
        ) AS remaining,
        coalesce(sum(points) FILTER (WHERE target = 'expired'), 0) AS expired,
        coalesce(sum(points) FILTER (WHERE source = 'expired' AND target = 'spent'), 0) AS late,
        count(*) FILTER (
            WHERE target <> 'spent' AND source IN (
                'issued', 'expired', 'sent', 'exchanged', 'adjusted', 'carried_over'
            )
        ) AS openings,
        count(*) FILTER (WHERE source = 'pending' AND target = 'active') AS ripenings,
        count(*) FILTER (WHERE 'joined' IN (source, target)) AS joinings
    FROM ledger.move
    WHERE lot_id IS NOT NULL
    GROUP BY account_id, lot_id
),

told AS (
    SELECT concat_ws(E'\n',
        CASE WHEN lot.id IS NULL THEN format(
            'account %s: moves name lot %s, which has no row', moved.account_id, moved.lot_id
        ) END,
        CASE WHEN moved.lot_id IS NULL THEN format(
            'account %s: lot %s of %s points was opened by no move',
            lot.account_id, lot.id, lot.points
        ) END,
        CASE WHEN lot.remaining <> moved.remaining THEN format(
            'account %s: lot %s has %s points left, expected %s by its moves',
            lot.account_id, lot.id, lot.remaining, moved.remaining
        ) END,
        -- Of a lot that came from another wallet not all came at once; see ledger.joining.
        CASE WHEN
            CASE WHEN lot.came_from IS NULL
                THEN lot.points <> opening.points OR opening.source = 'joined'
                ELSE lot.points < opening.points OR opening.source NOT IN ('joined', 'spent')
            END
            OR opening.target NOT IN ('active', 'pending')
            OR opening.source NOT IN (
                'issued', 'expired', 'sent', 'exchanged', 'adjusted', 'spent', 'carried_over',
                'joined'
            )
            THEN format(
                'account %s: lot %s of %s points, but its first move, %s, is of %s from %s to %s',
                lot.account_id, lot.id, lot.points, opening.seq, opening.points, opening.source,
                opening.target
            ) END,
        CASE WHEN
            moved.ripenings > CASE WHEN opening.target = 'pending' THEN 1
                WHEN moved.joinings > 0 THEN 1 ELSE 0 END
            OR (moved.joinings = 0
                AND lot.pending <> (opening.target = 'pending' AND moved.ripenings = 0))
            THEN format(
                'account %s: lot %s is %s, but became active %s times by its moves',
                lot.account_id, lot.id, CASE WHEN lot.pending THEN 'pending' ELSE 'active' END,
                moved.ripenings
            ) END,
        CASE WHEN moved.late > moved.expired THEN format(
            'account %s: of lot %s %s points were spent that had expired, but only %s had',
            moved.account_id, moved.lot_id, moved.late, moved.expired
        ) END,
        CASE WHEN lot.id IS NOT NULL AND moved.openings > 1 THEN format(
            'account %s: lot %s was opened %s times', lot.account_id, lot.id, moved.openings
        ) END,
        CASE WHEN
            -- What lives on after its time belongs to the receipt that had earned it; what came
            -- from another wallet is what it was there.
            lot.came_from IS NULL AND (
                (
                    lot.outcome_id <> opening.outcome_id
                    AND opening.source NOT IN ('expired', 'spent')
                )
                OR lot.earned_at <> opening.happened_at
            )
            THEN format(
                'account %s: lot %s is of operation %s at %s, its first move of %s at %s',
                lot.account_id, lot.id, lot.outcome_id, lot.earned_at, opening.outcome_id,
                opening.happened_at
            ) END
    ) AS difference
    FROM ledger.lot
    FULL JOIN moved ON lot.account_id = moved.account_id AND lot.id = moved.lot_id
    LEFT JOIN ledger.move AS opening
        ON moved.account_id = opening.account_id AND moved.first_seq = opening.seq
)

SELECT difference FROM told WHERE difference <> '' ORDER BY difference LIMIT 100;

-- name: holds
-- A hold keeps the sum of its pins.
SELECT format(
    'account %s: hold %s keeps %s points, its pins %s',
    hold.account_id, hold.id, hold.points, coalesce(sum(pin.points), 0)
)
FROM ledger.hold
LEFT JOIN ledger.pin ON hold.account_id = pin.account_id AND hold.id = pin.hold_id
GROUP BY hold.account_id, hold.id
HAVING hold.points <> coalesce(sum(pin.points), 0)
ORDER BY hold.account_id, hold.id
LIMIT 100;

-- name: pins
-- What open holds keep of a lot is in it. A hold counts while its deadline lies after the last
-- thing that happened to the lot (points taken, a hold placed): only the writer's clock is asked.
WITH
pinned AS (
    SELECT
        pin.account_id, pin.lot_id, pin.points, hold.deadline,
        max(hold.placed_at) OVER (PARTITION BY pin.account_id, pin.lot_id) AS placed_at
    FROM ledger.hold
    JOIN ledger.pin ON hold.account_id = pin.account_id AND hold.id = pin.hold_id
    WHERE hold.ended_at IS NULL
),

taken AS (
    SELECT move.account_id, move.lot_id, max(move.posted_at) AS posted_at
    FROM ledger.move
    WHERE move.source = 'active'
        AND move.account_id IN (SELECT DISTINCT pinned.account_id FROM pinned)
    GROUP BY move.account_id, move.lot_id
)

SELECT format(
    'account %s: open holds keep %s points of lot %s, which has %s left',
    lot.account_id, sum(pinned.points), lot.id, lot.remaining
)
FROM pinned
JOIN ledger.lot ON pinned.account_id = lot.account_id AND pinned.lot_id = lot.id
LEFT JOIN taken ON pinned.account_id = taken.account_id AND pinned.lot_id = taken.lot_id
WHERE pinned.deadline > greatest(pinned.placed_at, taken.posted_at)
GROUP BY lot.account_id, lot.id, lot.remaining
HAVING sum(pinned.points) > lot.remaining
ORDER BY lot.account_id, lot.id
LIMIT 100;

-- name: totals
-- Points outstanding in all accounts are those that came from the program's buckets less those that
-- went there.
WITH
buckets AS (
    SELECT
        coalesce(
            sum(points) FILTER (WHERE source NOT IN ('active', 'pending', 'debt')), 0
        ) AS came,
        coalesce(
            sum(points) FILTER (WHERE target NOT IN ('active', 'pending', 'debt')), 0
        ) AS gone
    FROM ledger.move
),

accounts AS (SELECT coalesce(sum(active + pending - debt), 0) AS points FROM ledger.account)

SELECT format(
    'in all: %s points outstanding in accounts, expected %s (%s given less %s gone)',
    accounts.points, buckets.came - buckets.gone, buckets.came, buckets.gone
)
FROM buckets
CROSS JOIN accounts
WHERE accounts.points <> buckets.came - buckets.gone;

-- name: transit
-- What an operation sends from one wallet arrives in another of the same currency: no point is on
-- the way for longer.
SELECT format(
    'operation %s: %s points of %s sent, %s arrived',
    move.outcome_id, sum(move.points) FILTER (WHERE move.target = 'sent'),
    CASE account.currency WHEN '' THEN 'the program' ELSE account.currency END,
    coalesce(sum(move.points) FILTER (WHERE move.source = 'sent'), 0)
)
FROM ledger.move
JOIN ledger.account ON move.account_id = account.id
WHERE 'sent' IN (move.source, move.target)
GROUP BY move.outcome_id, account.currency
HAVING sum(CASE move.target WHEN 'sent' THEN move.points ELSE -move.points END) <> 0
ORDER BY move.outcome_id
LIMIT 100;

-- name: runs
-- What a run's row says is what its moves say.
WITH moved AS (
    SELECT
        run.id,
        coalesce(sum(move.points) FILTER (
            WHERE move.source = 'pending' AND move.target = 'active'
        ), 0) AS activated,
        coalesce(sum(move.points) FILTER (WHERE move.target = 'expired'), 0) AS expired,
        coalesce(sum(move.points) FILTER (WHERE move.source = 'expired'), 0) AS carried,
        count(*) FILTER (
            WHERE move.source NOT IN ('pending', 'active', 'expired')
                OR move.target NOT IN ('active', 'expired', 'debt')
        ) AS others
    FROM ledger.run
    LEFT JOIN ledger.move ON run.id = move.outcome_id
    GROUP BY run.id
)

SELECT format(
    'run %s: %s points became active, %s expired, %s were carried over; by its moves %s, %s, %s%s',
    run.id, run.activated, run.expired, run.carried, moved.activated, moved.expired, moved.carried,
    CASE WHEN moved.others > 0 THEN ', and ' || moved.others || ' moves of other kinds' END
)
FROM ledger.run
JOIN moved ON run.id = moved.id
WHERE (run.activated, run.expired, run.carried) <> (moved.activated, moved.expired, moved.carried)
    OR moved.others > 0
ORDER BY run.id
LIMIT 100;

-- name: chain
-- Every move, account by account, in the order in which they were posted.
SELECT account_id, seq, outcome_id, source, target, points, lot_id, happened_at, posted_at, hash
FROM ledger.move
ORDER BY account_id, seq;
