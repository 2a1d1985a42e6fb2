-- Coupons as rewards, what is drawn on budgets besides receipts, pieces that a supplier pays for.
ALTER TABLE rewards.claim DROP CONSTRAINT claim_kind_check;
ALTER TABLE rewards.claim ADD CONSTRAINT claim_kind_check CHECK (
    kind IN ('goods', 'code', 'donation', 'privilege', 'coupon')
);

-- The coupon that a claim has brought; its code is in rewards.coupon, veiled.
CREATE TABLE rewards.claim_coupon (
    claim_id uuid PRIMARY KEY REFERENCES rewards.claim (id),
    code uuid NOT NULL UNIQUE
);
GRANT SELECT, INSERT ON rewards.claim_coupon TO tessera_app;

-- What was drawn besides receipts and events: by a claim, by a prize for bringing somebody.
-- `back_at`: all of it was given back.
CREATE TABLE budgets.drawn (
    source_id uuid NOT NULL,
    budget text NOT NULL,
    began date NOT NULL,
    scope text NOT NULL,
    day date NOT NULL,
    funding text NOT NULL,
    cost_x100 bigint NOT NULL,
    points bigint NOT NULL,
    pieces bigint NOT NULL,
    drawn_at timestamptz NOT NULL,
    back_at timestamptz,
    PRIMARY KEY (source_id, budget, began, scope)
);
CREATE INDEX drawn_counter ON budgets.drawn (budget, began, scope);

-- What a member's counters were when that number became another member's: they count there too,
-- until the two are parted again.
CREATE TABLE budgets.joined (
    merge_id uuid NOT NULL,
    budget text NOT NULL,
    began date NOT NULL,
    scope text NOT NULL,
    into_scope text NOT NULL,
    cost_x100 bigint NOT NULL,
    points bigint NOT NULL,
    pieces bigint NOT NULL,
    turnover_minor bigint NOT NULL,
    joined_at timestamptz NOT NULL,
    parted_at timestamptz,
    PRIMARY KEY (merge_id, budget, began, scope)
);
-- Counters of one member, whatever the budget and the period.
CREATE INDEX counter_scope ON budgets.counter (scope) WHERE scope <> '';
GRANT SELECT, INSERT, UPDATE (back_at) ON budgets.drawn TO tessera_app;
GRANT SELECT, INSERT, UPDATE (parted_at) ON budgets.joined TO tessera_app;

-- Gifts and coupons that a supplier pays for: so many pieces at what one costs, of one operation.
ALTER TABLE partners.posting
ADD COLUMN pieces bigint NOT NULL DEFAULT 0, ADD COLUMN pieces_minor bigint NOT NULL DEFAULT 0;
ALTER TABLE partners.statement_points
ADD COLUMN pieces bigint NOT NULL DEFAULT 0, ADD COLUMN pieces_minor bigint NOT NULL DEFAULT 0;
CREATE TABLE partners.posting_piece (
    outcome_id uuid NOT NULL,
    partner text NOT NULL,
    item text NOT NULL,
    cost_minor bigint NOT NULL CHECK (cost_minor >= 0),
    pieces bigint NOT NULL CHECK (pieces <> 0),
    PRIMARY KEY (outcome_id, partner, item)
);
CREATE TRIGGER posting_piece_never_changes BEFORE UPDATE OR DELETE ON partners.posting_piece
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER posting_piece_never_emptied BEFORE TRUNCATE ON partners.posting_piece
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
GRANT SELECT, INSERT ON partners.posting_piece TO tessera_app;
