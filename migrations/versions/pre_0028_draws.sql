-- Prize draws: tickets, seeds and what was drawn.

-- A draw that was published. `seal`: its seed, readable with the installation's key only; `bound`:
-- the seed's SHA-256, told from the beginning. Once it is over the seed is `shown`, with how many
-- tickets took part, the digest of their list, and the draw's terms as they were then.
CREATE TABLE rewards.draw (
    code text COLLATE "C" PRIMARY KEY,
    seal bytea NOT NULL,
    bound bytea NOT NULL CHECK (octet_length(bound) = 32),
    made_at timestamptz NOT NULL,
    shown bytea CHECK (octet_length(shown) = 32),
    shown_at timestamptz,
    tickets bigint,
    digest bytea,
    terms text,
    CHECK ((shown IS NULL) = (shown_at IS NULL))
);

-- Prizes that are won at once: how many were given, never more than the draw has.
CREATE TABLE rewards.draw_prize (
    draw text COLLATE "C" NOT NULL,
    item text COLLATE "C" NOT NULL,
    given bigint NOT NULL CHECK (given >= 0),
    PRIMARY KEY (draw, item)
);

-- Tickets, badges and privileges that an operation gave, as it stands after returns.
CREATE TABLE rewards.keepsake (
    account_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('ticket', 'badge', 'privilege')),
    item text COLLATE "C" NOT NULL,
    outcome_id uuid NOT NULL,
    pieces bigint NOT NULL,
    given_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, kind, item, outcome_id)
);
CREATE INDEX keepsake_of_item ON rewards.keepsake (item) WHERE kind = 'ticket';

-- The tickets that took part in a draw, as they were when it was drawn.
CREATE TABLE rewards.draw_entry (
    draw text COLLATE "C" NOT NULL REFERENCES rewards.draw (code),
    label text COLLATE "C" NOT NULL,
    holder text NOT NULL,
    account_id uuid NOT NULL,
    pieces bigint NOT NULL CHECK (pieces > 0),
    PRIMARY KEY (draw, label)
);

-- What was won: at the till (outcome_id), or by a ticket of the list (label, number). owed_at: the
-- goods came back, and the prize has to.
CREATE TABLE rewards.win (
    id uuid PRIMARY KEY,
    draw text COLLATE "C" NOT NULL REFERENCES rewards.draw (code),
    item text COLLATE "C" NOT NULL,
    account_id uuid NOT NULL,
    outcome_id uuid,
    place integer,
    label text,
    number bigint,
    won_at timestamptz NOT NULL,
    owed_at timestamptz,
    handed_at timestamptz,
    CHECK ((outcome_id IS NULL) = (label IS NOT NULL))
);
CREATE INDEX win_of_draw ON rewards.win (draw, won_at, id);
CREATE INDEX win_of_account ON rewards.win (account_id);
CREATE INDEX win_of_outcome ON rewards.win (outcome_id) WHERE outcome_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON
rewards.draw, rewards.draw_prize, rewards.keepsake, rewards.win TO tessera_app;
GRANT SELECT, INSERT ON rewards.draw_entry TO tessera_app;
