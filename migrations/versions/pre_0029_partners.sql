-- Partners, what they owe each other, and who brought whom.

CREATE SCHEMA partners;
GRANT USAGE ON SCHEMA partners TO tessera_app;

-- What one operation of the checkout means for one partner: points given that it pays for, points
-- spent in its stores, rewards that it funds; negative where goods came back. Prices are those of
-- the program that decided the sale, in hundredths of a minor unit. `statement_id`: which statement
-- it is in; it is set once.
CREATE TABLE partners.posting (
    outcome_id uuid NOT NULL,
    partner text NOT NULL,
    currency text NOT NULL,
    store_id text NOT NULL,
    issued bigint NOT NULL,
    redeemed bigint NOT NULL,
    funded bigint NOT NULL,
    funded_minor bigint NOT NULL,
    issued_x100 bigint NOT NULL,
    redeemed_x100 bigint NOT NULL,
    funded_x100 bigint NOT NULL,
    posted_at timestamptz NOT NULL,
    statement_id uuid,
    PRIMARY KEY (outcome_id, partner, currency)
);
CREATE INDEX posting_partner ON partners.posting (partner, posted_at, outcome_id);
CREATE INDEX posting_open ON partners.posting (partner, posted_at) WHERE statement_id IS NULL;
CREATE INDEX posting_statement ON partners.posting (statement_id) WHERE statement_id IS NOT NULL;

-- What was agreed besides: above zero the partner owes it, below zero it is owed.
CREATE TABLE partners.adjustment (
    id uuid PRIMARY KEY,
    partner text NOT NULL,
    minor bigint NOT NULL CHECK (minor <> 0),
    reason text NOT NULL,
    principal_id uuid NOT NULL,
    approval_id uuid,
    posted_at timestamptz NOT NULL,
    statement_id uuid
);
CREATE INDEX adjustment_partner ON partners.adjustment (partner, posted_at);

-- A period that is closed. `due_minor`: above zero the partner pays it; what is less than a minor
-- unit stays in `closing_x100` and opens the next.
CREATE TABLE partners.statement (
    id uuid PRIMARY KEY,
    partner text NOT NULL,
    period text NOT NULL,
    ends_at timestamptz NOT NULL,
    postings bigint NOT NULL,
    opening_x100 bigint NOT NULL,
    issued_x100 bigint NOT NULL,
    redeemed_x100 bigint NOT NULL,
    funded_x100 bigint NOT NULL,
    adjusted_minor bigint NOT NULL,
    due_minor bigint NOT NULL,
    closing_x100 bigint NOT NULL,
    principal_id uuid NOT NULL,
    approval_id uuid,
    closed_at timestamptz NOT NULL,
    UNIQUE (partner, period),
    CHECK (
        opening_x100 + issued_x100 + funded_x100 - redeemed_x100 + adjusted_minor * 100
        = due_minor * 100 + closing_x100
    )
);
CREATE TABLE partners.statement_points (
    statement_id uuid NOT NULL REFERENCES partners.statement (id),
    currency text NOT NULL,
    issued bigint NOT NULL,
    redeemed bigint NOT NULL,
    funded bigint NOT NULL,
    funded_minor bigint NOT NULL,
    issued_x100 bigint NOT NULL,
    redeemed_x100 bigint NOT NULL,
    funded_x100 bigint NOT NULL,
    PRIMARY KEY (statement_id, currency)
);

-- A row says for ever what it said; that it went into a statement is added once.
CREATE FUNCTION partners.stated_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.statement_id IS NULL AND NEW.statement_id IS NOT NULL
        AND to_jsonb(NEW) - 'statement_id' = to_jsonb(OLD) - 'statement_id'
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what was settled with a partner is never changed';
END $$;
CREATE TRIGGER posting_once BEFORE UPDATE OR DELETE ON partners.posting
FOR EACH ROW EXECUTE FUNCTION partners.stated_once();
CREATE TRIGGER adjustment_once BEFORE UPDATE OR DELETE ON partners.adjustment
FOR EACH ROW EXECUTE FUNCTION partners.stated_once();
CREATE TRIGGER posting_never_emptied BEFORE TRUNCATE ON partners.posting
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
CREATE TRIGGER adjustment_never_emptied BEFORE TRUNCATE ON partners.adjustment
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
CREATE TRIGGER statement_never_changes BEFORE UPDATE OR DELETE ON partners.statement
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER statement_never_emptied BEFORE TRUNCATE ON partners.statement
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
CREATE TRIGGER statement_points_never_change BEFORE UPDATE OR DELETE ON partners.statement_points
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER statement_points_never_emptied BEFORE TRUNCATE ON partners.statement_points
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
GRANT SELECT, INSERT, UPDATE (statement_id) ON partners.posting, partners.adjustment
TO tessera_app;
GRANT SELECT, INSERT ON partners.statement, partners.statement_points TO tessera_app;

-- referrals -----------------------------------------------------------------------------------
CREATE SCHEMA referrals;
GRANT USAGE ON SCHEMA referrals TO tessera_app;

-- One more thing that is done with points: somebody was brought.
ALTER TABLE ledger.operation DROP CONSTRAINT operation_kind_check;
ALTER TABLE ledger.operation ADD CONSTRAINT operation_kind_check CHECK (
    kind IN (
        'transfer', 'gift', 'donation', 'exchange', 'adjustment', 'extension', 'claim',
        'claim_back', 'referral'
    )
);

-- By which word a member brings others; made when it is first asked for.
CREATE TABLE referrals.code (
    member_id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,
    made_at timestamptz NOT NULL
);

-- Who was brought by whom, on the terms of that day. It is its own queue: `due_at` is when the
-- newcomer's last needed purchase can no longer be returned, null while purchases are lacking;
-- `payment_id` the payment that stands. `refused`: why nothing is ever paid.
CREATE TABLE referrals.referral (
    id uuid PRIMARY KEY,
    referrer_id uuid NOT NULL,
    referee_id uuid NOT NULL UNIQUE,
    brought_at timestamptz NOT NULL,
    referrer_points bigint NOT NULL CHECK (referrer_points >= 0),
    referee_points bigint NOT NULL CHECK (referee_points >= 0),
    purchases integer NOT NULL CHECK (purchases > 0),
    least_minor bigint NOT NULL,
    return_days integer NOT NULL,
    until timestamptz NOT NULL,
    refused text NOT NULL DEFAULT '',
    due_at timestamptz,
    payment_id uuid,
    CHECK (referrer_id <> referee_id)
);
CREATE INDEX referral_referrer ON referrals.referral (referrer_id, id);
CREATE INDEX referral_due ON referrals.referral (due_at)
WHERE due_at IS NOT NULL AND payment_id IS NULL AND refused = '';
CREATE INDEX referral_back ON referrals.referral (id)
WHERE due_at IS NULL AND payment_id IS NOT NULL;

-- Purchases of the newcomer; one that came back, or too much of it, does not count.
CREATE TABLE referrals.purchase (
    referral_id uuid NOT NULL REFERENCES referrals.referral (id),
    sale_id uuid NOT NULL UNIQUE,
    at timestamptz NOT NULL,
    counts boolean NOT NULL,
    PRIMARY KEY (referral_id, sale_id)
);

-- What was paid, and what was taken back because goods were (`undoes`). The operations carry the
-- points; null: that side got nothing. `trimmed`: why the one who brought got less.
CREATE TABLE referrals.payment (
    id uuid PRIMARY KEY,
    referral_id uuid NOT NULL REFERENCES referrals.referral (id),
    undoes uuid UNIQUE REFERENCES referrals.payment (id),
    referrer_points bigint NOT NULL CHECK (referrer_points >= 0),
    referee_points bigint NOT NULL CHECK (referee_points >= 0),
    referrer_operation uuid UNIQUE,
    referee_operation uuid UNIQUE,
    trimmed text NOT NULL,
    posted_at timestamptz NOT NULL,
    CHECK ((referrer_points > 0) = (referrer_operation IS NOT NULL)),
    CHECK ((referee_points > 0) = (referee_operation IS NOT NULL))
);
CREATE INDEX payment_referral ON referrals.payment (referral_id);
CREATE TRIGGER payment_never_changes BEFORE UPDATE OR DELETE ON referrals.payment
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER payment_never_emptied BEFORE TRUNCATE ON referrals.payment
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
GRANT SELECT, INSERT, DELETE ON referrals.code TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON referrals.referral, referrals.purchase TO tessera_app;
GRANT SELECT, INSERT ON referrals.payment TO tessera_app;
