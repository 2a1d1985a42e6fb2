-- Boards: rankings of members in a period, and what was won. Walks of ladders that have changed.

-- One more thing that is done with points: a place on a board is paid.
ALTER TABLE ledger.operation DROP CONSTRAINT operation_kind_check;
ALTER TABLE ledger.operation ADD CONSTRAINT operation_kind_check CHECK (
    kind IN (
        'transfer', 'gift', 'donation', 'exchange', 'adjustment', 'extension', 'claim',
        'claim_back', 'referral', 'prize'
    )
);

-- What a member lets other members read; it goes with the person.
ALTER TABLE members.person ADD COLUMN nickname text NOT NULL DEFAULT '';

-- Accounts of people who are registered and there: no shadows, none merged away or erased.
CREATE VIEW members.present AS
SELECT m.account_id FROM members.member AS m
WHERE m.registered_at IS NOT NULL AND m.merged_into IS NULL AND m.erased_at IS NULL;
GRANT SELECT ON members.present TO tessera_app;

-- Boards that were counted. `took_ms`: the last count; `terms`: of one that is closed.
CREATE TABLE checkout.board (
    code text COLLATE "C" PRIMARY KEY,
    as_of timestamptz NOT NULL,
    took_ms integer NOT NULL,
    members bigint NOT NULL,
    closed_at timestamptz,
    terms bytea,
    CHECK ((closed_at IS NULL) = (terms IS NULL))
);

-- What everybody has, as of the last count.
CREATE TABLE checkout.board_standing (
    board text COLLATE "C" NOT NULL,
    account_id uuid NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    PRIMARY KEY (board, account_id)
);
CREATE INDEX board_standing_amount ON checkout.board_standing (board, amount DESC, account_id);

-- So many have so much or more: a mark every thousand members.
CREATE TABLE checkout.board_rung (
    board text COLLATE "C" NOT NULL,
    amount bigint NOT NULL,
    reached bigint NOT NULL,
    PRIMARY KEY (board, amount)
);

-- Who won points when a board was closed. The operation that pays has the same id.
CREATE TABLE checkout.board_winner (
    id uuid PRIMARY KEY,
    board text COLLATE "C" NOT NULL REFERENCES checkout.board (code),
    account_id uuid NOT NULL,
    place integer NOT NULL CHECK (place > 0),
    sharing integer NOT NULL CHECK (sharing > 0),
    amount bigint NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    paid_at timestamptz,
    unpaid text NOT NULL DEFAULT '',
    UNIQUE (board, account_id)
);
CREATE INDEX board_winner_due ON checkout.board_winner (id) WHERE paid_at IS NULL AND unpaid = '';
CREATE INDEX board_winner_account ON checkout.board_winner (account_id);

GRANT SELECT, INSERT, UPDATE ON checkout.board TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON checkout.board_standing, checkout.board_rung
TO tessera_app;
GRANT SELECT, INSERT, UPDATE (paid_at, unpaid) ON checkout.board_winner TO tessera_app;

-- A ladder that was made or became easier: everybody is looked at once. `terms`: a digest of what
-- decides who comes up; `after`: how far it is.
CREATE TABLE tiers.walk (
    ladder text COLLATE "C" PRIMARY KEY,
    terms bytea NOT NULL,
    after uuid NOT NULL,
    looked bigint NOT NULL,
    risen bigint NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON tiers.walk TO tessera_app;

-- One more reason why a level changes.
ALTER TABLE tiers.change DROP CONSTRAINT change_why_check;
ALTER TABLE tiers.change ADD CONSTRAINT change_why_check CHECK (
    why IN (
        'earned', 'returned', 'reviewed', 'matched', 'joined', 'parted', 'carried', 'moved'
    )
);
