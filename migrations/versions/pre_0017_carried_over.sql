-- Members and points that come from another program.

-- One row for each lot of points, or each debt, that another program had, for ever: what was said
-- of it, and the operation (`id`) whose moves carried it over. `mark` is a digest of the program's
-- name and of the lot's number there, because such numbers are often made of a person's own.
-- `points` is below zero for what is owed.
CREATE TABLE ledger.carried (
    mark bytea PRIMARY KEY CHECK (octet_length(mark) = 16),
    id uuid NOT NULL,
    account_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points <> 0),
    earned_at timestamptz NOT NULL,
    said_expires_at timestamptz,
    said_active_at timestamptz,
    posted_at timestamptz NOT NULL,
    source text COLLATE "C" NOT NULL,
    currency text NOT NULL
);
CREATE TRIGGER carried_never_changes BEFORE UPDATE OR DELETE ON ledger.carried
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER carried_never_emptied BEFORE TRUNCATE ON ledger.carried
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
GRANT SELECT, INSERT ON ledger.carried TO tessera_app;

-- A load of rows that stand for themselves has one phase.
ALTER TABLE warehouse.load
DROP CONSTRAINT load_phase_check,
ADD CONSTRAINT load_phase_check CHECK (phase IN ('sales', 'returns', 'rows', 'done'));
