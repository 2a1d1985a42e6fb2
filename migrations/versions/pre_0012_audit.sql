-- Who did what, chained; keys that seal personal values; proposals that wait for a second person.

-- One key a person. A destroyed one leaves its row, so that no second key is ever made.
CREATE TABLE access.seal_key (
    person_id uuid PRIMARY KEY,
    key bytea CHECK (octet_length(key) = 32)
);
GRANT SELECT, INSERT, UPDATE (key) ON access.seal_key TO tessera_app;

-- Who did what: added to, never changed. An entry is named by its chain and its number there.
CREATE TABLE access.audit (
    chain smallint NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    principal_kind text NOT NULL,
    principal_id uuid,
    principal_name text NOT NULL,
    role text NOT NULL,
    address text NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    fields text NOT NULL, -- names of those that changed, with commas between
    before bytea, -- JSON; sealed if there is a person
    after bytea,
    person_id uuid,
    reason text NOT NULL,
    outcome_id uuid,
    approval_id uuid,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_at ON access.audit (at, chain, seq);
CREATE INDEX audit_principal ON access.audit (principal_id, at, chain, seq);
CREATE INDEX audit_subject ON access.audit (subject_id, at, chain, seq);
CREATE INDEX audit_operation ON access.audit (operation, at, chain, seq);

-- The last entry of each chain; the row is locked while one is added.
CREATE TABLE access.audit_head (
    chain smallint PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO access.audit_head (chain, seq, hash)
SELECT chain, 0, ''::bytea FROM generate_series(0, 7) AS chain;

CREATE FUNCTION access.never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'what was done stays written; a correction is another entry';
END $$;
CREATE TRIGGER audit_never_changes BEFORE UPDATE OR DELETE ON access.audit
FOR EACH ROW EXECUTE FUNCTION access.never();
CREATE TRIGGER audit_never_emptied BEFORE TRUNCATE ON access.audit
FOR EACH STATEMENT EXECUTE FUNCTION access.never();
CREATE TRIGGER audit_head_stays BEFORE DELETE ON access.audit_head
FOR EACH ROW EXECUTE FUNCTION access.never();

GRANT SELECT, INSERT ON access.audit TO tessera_app;
GRANT SELECT, UPDATE (seq, hash) ON access.audit_head TO tessera_app;

-- A call that waits for a second person. Its body is sealed with a key of the proposal's own.
CREATE TABLE access.approval (
    id uuid PRIMARY KEY,
    operation text NOT NULL,
    payload bytea NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    limit_name text NOT NULL,
    why text NOT NULL,
    principal jsonb NOT NULL, -- who proposed, as that one was then
    person_id uuid NOT NULL, -- who that is, behind keys
    proposed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'open'
        CHECK (state IN ('open', 'approved', 'rejected', 'withdrawn', 'expired')),
    decided_at timestamptz,
    decided_by uuid,
    decided_name text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    outcome_id uuid,
    CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE INDEX approval_open ON access.approval (expires_at) WHERE state = 'open';
CREATE INDEX approval_person ON access.approval (person_id) WHERE state = 'open';
GRANT SELECT, INSERT ON access.approval TO tessera_app;
GRANT UPDATE (state, decided_at, decided_by, decided_name, reason, outcome_id)
ON access.approval TO tessera_app;

-- Who adjusted, behind keys, and whether a second person said yes: both count in limits.
ALTER TABLE ledger.operation
ADD COLUMN person_id uuid,
ADD COLUMN approval_id uuid;
CREATE INDEX operation_person ON ledger.operation (person_id, happened_at)
WHERE kind = 'adjustment' AND person_id IS NOT NULL;
