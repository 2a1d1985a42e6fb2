-- What a till may let a card spend while it is cut off. Rows, so that several receipts together
-- never spend one allowance twice over; `used` is what they took.
CREATE TABLE checkout.allowance (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    store_id text NOT NULL,
    till text NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    used bigint NOT NULL DEFAULT 0,
    step bigint NOT NULL,
    worth_minor bigint NOT NULL,
    max_percent smallint NOT NULL,
    issued_at timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    closed_at timestamptz,
    CHECK (used BETWEEN 0 AND points)
);
-- A till has one at a time for an account, so what tills overspend is bounded by allowance x tills.
CREATE UNIQUE INDEX allowance_open ON checkout.allowance (account_id, store_id, till)
WHERE closed_at IS NULL;

-- The one pair that signs them: in the database, so that every process has the same one and a
-- restore brings it with the allowances it signed.
CREATE TABLE checkout.allowance_key (
    one boolean PRIMARY KEY CHECK (one),
    private bytea NOT NULL CHECK (octet_length(private) = 32),
    public bytea NOT NULL CHECK (octet_length(public) = 32),
    made_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON checkout.allowance TO tessera_app;
GRANT SELECT, INSERT ON checkout.allowance_key TO tessera_app;
