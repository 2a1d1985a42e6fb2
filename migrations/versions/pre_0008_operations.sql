-- What was done with points besides receipts and events: one row each, whose moves carry its id.
-- `points` left the wallet of `account_id` in `currency`, `to_points` came to the other; the rest
-- of what left is the fee. Nothing in it names a person.
CREATE TABLE ledger.operation (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (
        kind IN ('transfer', 'gift', 'donation', 'exchange', 'adjustment', 'extension')
    ),
    account_id uuid NOT NULL,
    currency text NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    to_account_id uuid,
    to_currency text NOT NULL,
    to_points bigint NOT NULL CHECK (to_points >= 0),
    fee_points bigint NOT NULL CHECK (fee_points >= 0),
    cause text NOT NULL,
    reason text NOT NULL,
    principal_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    CHECK (points + to_points > 0)
);
-- For a member's limits and list; for what came from others; for what one key has adjusted.
CREATE INDEX operation_account ON ledger.operation (account_id, kind, happened_at);
CREATE INDEX operation_to_account ON ledger.operation (to_account_id, happened_at)
WHERE to_account_id IS NOT NULL;
CREATE INDEX operation_principal ON ledger.operation (principal_id, happened_at)
WHERE kind = 'adjustment';

-- Lots that live longer since an operation: until when they would have lived, until when they do.
CREATE TABLE ledger.extension (
    account_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    operation_id uuid NOT NULL REFERENCES ledger.operation (id),
    points bigint NOT NULL CHECK (points > 0),
    old_expires_at timestamptz NOT NULL,
    new_expires_at timestamptz NOT NULL CHECK (new_expires_at > old_expires_at),
    PRIMARY KEY (account_id, lot_id, operation_id)
);

CREATE TRIGGER operation_never_changes BEFORE UPDATE OR DELETE ON ledger.operation
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER operation_never_emptied BEFORE TRUNCATE ON ledger.operation
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
CREATE TRIGGER extension_never_changes BEFORE UPDATE OR DELETE ON ledger.extension
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER extension_never_emptied BEFORE TRUNCATE ON ledger.extension
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
GRANT SELECT, INSERT ON ledger.operation, ledger.extension TO tessera_app;
