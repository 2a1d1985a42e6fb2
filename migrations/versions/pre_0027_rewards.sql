-- The catalogue of rewards, what was claimed of it, and codes of others.
CREATE SCHEMA IF NOT EXISTS rewards;
GRANT USAGE ON SCHEMA rewards TO tessera_app;

-- Two more things that are done with points: a reward is claimed, its points come back.
ALTER TABLE ledger.operation DROP CONSTRAINT operation_kind_check;
ALTER TABLE ledger.operation ADD CONSTRAINT operation_kind_check CHECK (
    kind IN (
        'transfer', 'gift', 'donation', 'exchange', 'adjustment', 'extension', 'claim',
        'claim_back'
    )
);

-- What can be had for points. `terms` is what the console says of it; a claim keeps what it needs
-- of them. `taken` counts claims that are not over; a stock of null never ends.
CREATE TABLE rewards.reward (
    code text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('draft', 'offered', 'ended')),
    terms jsonb NOT NULL,
    stock bigint CHECK (stock >= 0),
    taken bigint NOT NULL DEFAULT 0 CHECK (taken >= 0),
    picture bytea,
    made_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    CHECK (taken <= stock)
);

-- Pictures by the SHA-256 of their bytes: one that is changed has another address.
CREATE TABLE rewards.picture (
    hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
    media text NOT NULL CHECK (media IN ('image/png', 'image/jpeg', 'image/webp')),
    body bytea NOT NULL CHECK (octet_length(body) <= 524288),
    added_at timestamptz NOT NULL
);
ALTER TABLE rewards.picture ALTER COLUMN body SET STORAGE EXTERNAL;

-- A reward that somebody has claimed; its id is that of the operation that took the points. The
-- code that is shown at the till is sealed for the member, `mark` finds it.
CREATE TABLE rewards.claim (
    id uuid PRIMARY KEY,
    reward text NOT NULL REFERENCES rewards.reward (code),
    kind text NOT NULL CHECK (kind IN ('goods', 'code', 'donation', 'privilege')),
    member_id uuid NOT NULL,
    account_id uuid NOT NULL,
    state text NOT NULL CHECK (
        state IN ('reserved', 'issued', 'used', 'cancelled', 'expired')
    ),
    currency text NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    money_minor bigint NOT NULL CHECK (money_minor >= 0),
    cost_minor bigint NOT NULL CHECK (cost_minor >= 0),
    funding text NOT NULL,
    partner text NOT NULL,
    sent boolean NOT NULL,
    mark bytea NOT NULL UNIQUE CHECK (octet_length(mark) = 32),
    code bytea NOT NULL,
    claimed_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    ends_at timestamptz,
    paid_at timestamptz,
    revealed_at timestamptz,
    uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
    receivable_minor bigint NOT NULL DEFAULT 0 CHECK (receivable_minor >= 0),
    back_id uuid,
    CHECK (points + money_minor > 0)
);
CREATE INDEX claim_member ON rewards.claim (member_id, id);
CREATE INDEX claim_reward ON rewards.claim (reward, id);
CREATE INDEX claim_ends ON rewards.claim (ends_at)
WHERE state IN ('reserved', 'issued') AND ends_at IS NOT NULL;

-- What happened to a claim, and who did it.
CREATE TABLE rewards.claim_step (
    id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES rewards.claim (id),
    did text NOT NULL CHECK (
        did IN (
            'claimed', 'paid', 'sent', 'revealed', 'handed_over', 'used', 'cancelled', 'expired'
        )
    ),
    state text NOT NULL,
    at timestamptz NOT NULL,
    principal_id uuid,
    store_id text NOT NULL,
    reason text NOT NULL
);
CREATE INDEX claim_step_claim ON rewards.claim_step (claim_id, id);

-- Codes of somebody else's: cinemas, operators, airlines. They are sealed with a key of the pool's
-- own; `mark` is a keyed digest, by which a code that is there already is refused.
CREATE TABLE rewards.pool (
    code text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    name text NOT NULL,
    warn_at integer NOT NULL CHECK (warn_at >= 0),
    made_at timestamptz NOT NULL
);
CREATE TABLE rewards.pool_code (
    pool text NOT NULL REFERENCES rewards.pool (code),
    mark bytea NOT NULL CHECK (octet_length(mark) = 32),
    sealed bytea NOT NULL,
    expires_at timestamptz,
    added_at timestamptz NOT NULL,
    claim_id uuid UNIQUE REFERENCES rewards.claim (id),
    PRIMARY KEY (pool, mark)
);
CREATE INDEX pool_code_free ON rewards.pool_code (pool, expires_at, mark) WHERE claim_id IS NULL;

-- What members wish for.
CREATE TABLE rewards.wish (
    member_id uuid NOT NULL,
    reward text NOT NULL REFERENCES rewards.reward (code),
    wished_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, reward)
);

CREATE TRIGGER claim_step_never_changes BEFORE UPDATE OR DELETE ON rewards.claim_step
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER claim_step_never_emptied BEFORE TRUNCATE ON rewards.claim_step
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();

GRANT SELECT, INSERT, UPDATE ON rewards.reward, rewards.claim, rewards.pool TO tessera_app;
GRANT SELECT, INSERT ON rewards.picture, rewards.claim_step TO tessera_app;
GRANT SELECT, INSERT, UPDATE (claim_id) ON rewards.pool_code TO tessera_app;
GRANT SELECT, INSERT, DELETE ON rewards.wish TO tessera_app;
