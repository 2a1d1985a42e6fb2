-- Runs that post what time has done to points: activations and expiries, page by page.

-- Its id is the operation of its moves; the row is written in the transaction of each page.
CREATE TABLE ledger.run (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('due', 'released')),
    at timestamptz NOT NULL,
    started_at timestamptz NOT NULL,
    phase text NOT NULL CHECK (phase IN ('ripe', 'over')),
    after timestamptz NOT NULL,
    after_id uuid NOT NULL,
    wallets bigint NOT NULL CHECK (wallets >= 0),
    activated bigint NOT NULL CHECK (activated >= 0),
    expired bigint NOT NULL CHECK (expired >= 0),
    carried bigint NOT NULL CHECK (carried >= 0 AND carried <= expired),
    finished_at timestamptz
);
CREATE INDEX run_started ON ledger.run (started_at, id);
GRANT SELECT, INSERT, UPDATE ON ledger.run TO tessera_app;

-- Whose points expire or can be spent next, page after page: many share one instant.
DROP INDEX ledger.account_expiry;
DROP INDEX ledger.account_ripe;
CREATE INDEX account_expiry ON ledger.account (soonest_expiry, id)
WHERE soonest_expiry IS NOT NULL;
CREATE INDEX account_ripe ON ledger.account (soonest_ripe, id) WHERE soonest_ripe IS NOT NULL;
