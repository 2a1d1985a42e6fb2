-- Households and merged members: accounts that were joined, and how to part them.

-- Where an account's points went when it was joined to another: that one's id. Its own id: it has
-- been joined with others, look further. NULL: never. The row is locked anyway: whoever aimed at an
-- account before it was joined sees it here.
ALTER TABLE ledger.account ADD COLUMN joined_to uuid;
-- What went to another account holds nothing: also a release that does not know of it cannot post.
ALTER TABLE ledger.account ADD CONSTRAINT account_gone CHECK (
    joined_to IS NULL OR joined_to = id
    OR (active = 0 AND pending = 0 AND debt = 0 AND holds = 0)
) NOT VALID;
CREATE INDEX account_joined ON ledger.account (joined_to) WHERE joined_to IS NOT NULL;

-- A lot that came from another account keeps its id and says from which.
ALTER TABLE ledger.lot ADD COLUMN came_from uuid;
CREATE INDEX lot_came ON ledger.lot (account_id, came_from) WHERE came_from IS NOT NULL;

-- Two accounts were joined, or parted again (`undoes` names the joining); the moves carry the id.
-- `kept`: at the parting the points stayed where they were.
CREATE TABLE ledger.joining (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    to_account_id uuid NOT NULL,
    undoes uuid UNIQUE REFERENCES ledger.joining (id),
    kept boolean NOT NULL DEFAULT false,
    principal_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    CHECK (account_id <> to_account_id),
    CHECK (undoes IS NOT NULL OR NOT kept)
);
CREATE INDEX joining_account ON ledger.joining (account_id);
CREATE INDEX joining_to_account ON ledger.joining (to_account_id);

-- What went over in each currency: points of lots, what was owed, and until when rolling points
-- lived in the wallet that took them, before and after. `seq`: of its last move then.
CREATE TABLE ledger.joined_wallet (
    joining_id uuid NOT NULL REFERENCES ledger.joining (id),
    currency text NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    debt bigint NOT NULL CHECK (debt >= 0),
    rolls_before timestamptz,
    rolls_after timestamptz,
    seq bigint NOT NULL CHECK (seq >= 0),
    PRIMARY KEY (joining_id, currency)
);
CREATE TRIGGER joining_never_changes BEFORE UPDATE OR DELETE ON ledger.joining
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER joining_never_emptied BEFORE TRUNCATE ON ledger.joining
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
CREATE TRIGGER joined_wallet_never_changes BEFORE UPDATE OR DELETE ON ledger.joined_wallet
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER joined_wallet_never_emptied BEFORE TRUNCATE ON ledger.joined_wallet
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();
GRANT SELECT, INSERT ON ledger.joining, ledger.joined_wallet TO tessera_app;

-- Accounts that were ever joined, directly or through others, have one clan.
CREATE VIEW ledger.clan AS
WITH RECURSIVE
edge AS (
    SELECT account_id AS id, to_account_id AS other FROM ledger.joining
    UNION
    SELECT to_account_id, account_id FROM ledger.joining
),

reach AS (
    SELECT id, id AS other FROM edge
    UNION
    SELECT reach.id, edge.other FROM reach JOIN edge ON reach.other = edge.id
)

SELECT id AS account_id, (array_agg(other ORDER BY other))[1] AS clan_id FROM reach GROUP BY id;

-- Where the points and the history of an account are now: itself and the accounts above it.
CREATE VIEW ledger.above AS
WITH RECURSIVE up AS (
    SELECT id AS account_id, id AS above_id, joined_to
    FROM ledger.account
    WHERE joined_to <> id AND currency = ''
    UNION
    SELECT up.account_id, next.id, next.joined_to
    FROM up
    JOIN ledger.account AS next ON up.joined_to = next.id
    WHERE up.above_id <> up.joined_to
)

SELECT account_id, above_id FROM up;
GRANT SELECT ON ledger.clan, ledger.above TO tessera_app;

-- members -----------------------------------------------------------------------------------
-- Who is the same person as another member, and is known under that one's id since.
ALTER TABLE members.member ADD COLUMN merged_into uuid REFERENCES members.member (id);
CREATE INDEX member_merged ON members.member (merged_into) WHERE merged_into IS NOT NULL;

-- Several members on one account.
CREATE TABLE members.household (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL UNIQUE,
    founded_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- Who is or was in a household. `own_account_id` is what the member comes back to; `joining_id`
-- how the points went over, where they did. `most_per_day`: points to spend on a day, NULL: all.
CREATE TABLE members.household_member (
    household_id uuid NOT NULL REFERENCES members.household (id),
    member_id uuid NOT NULL REFERENCES members.member (id),
    role text NOT NULL CHECK (role IN ('head', 'member', 'child')),
    most_per_day bigint CHECK (most_per_day >= 0),
    own_account_id uuid NOT NULL,
    joining_id uuid,
    parting_id uuid,
    joined_at timestamptz NOT NULL,
    left_at timestamptz,
    PRIMARY KEY (household_id, member_id, joined_at)
);
CREATE UNIQUE INDEX household_of_member ON members.household_member (member_id)
WHERE left_at IS NULL;
CREATE UNIQUE INDEX household_head ON members.household_member (household_id)
WHERE role = 'head' AND left_at IS NULL;

CREATE TABLE members.household_invitation (
    id uuid PRIMARY KEY,
    household_id uuid NOT NULL REFERENCES members.household (id),
    member_id uuid NOT NULL REFERENCES members.member (id),
    role text NOT NULL CHECK (role IN ('member', 'child')),
    most_per_day bigint CHECK (most_per_day >= 0),
    invited_by uuid NOT NULL,
    invited_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    ending text CHECK (ending IN ('accepted', 'declined', 'withdrawn')),
    CHECK ((ended_at IS NULL) = (ending IS NULL))
);
CREATE UNIQUE INDEX invitation_open ON members.household_invitation (household_id, member_id)
WHERE ended_at IS NULL;
CREATE INDEX invitation_member ON members.household_invitation (member_id)
WHERE ended_at IS NULL;
GRANT SELECT, INSERT, UPDATE ON members.household, members.household_member,
members.household_invitation TO tessera_app;

-- checkout ----------------------------------------------------------------------------------
-- What a member with a limit has spent today, however old the receipts say they are.
CREATE INDEX receipt_spent ON checkout.receipt (account_id, posted_at)
WHERE kind = 'sale' AND points_spent > 0 AND account_id IS NOT NULL;

-- identity ----------------------------------------------------------------------------------
CREATE SCHEMA IF NOT EXISTS identity;
GRANT USAGE ON SCHEMA identity TO tessera_app;

-- Two members were one person. What is needed to part them again is sealed with each one's key.
CREATE TABLE identity.merge (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL,
    other_id uuid NOT NULL,
    joining_id uuid NOT NULL,
    keeps text NOT NULL,
    reason text NOT NULL,
    principal_id uuid NOT NULL,
    merged_at timestamptz NOT NULL,
    was bytea,
    other_was bytea,
    undone_at timestamptz,
    undone_by uuid,
    undo_reason text NOT NULL DEFAULT '',
    parting_id uuid,
    CHECK (member_id <> other_id),
    CHECK ((undone_at IS NULL) = (parting_id IS NULL))
);
CREATE INDEX merge_member ON identity.merge (member_id, id);
CREATE INDEX merge_other ON identity.merge (other_id, id);
GRANT SELECT, INSERT, UPDATE ON identity.merge TO tessera_app;
