-- One schema per room. Tables of points are keyed by account first.
-- The application works as the role tessera_app, which may add moves but never change one.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tessera_app') THEN
        CREATE ROLE tessera_app NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; -- another database made it just now
END $$;
DO $$ BEGIN EXECUTE format('GRANT tessera_app TO %I', current_user); END $$;

CREATE SCHEMA access;
CREATE SCHEMA warehouse;
CREATE SCHEMA members;
CREATE SCHEMA ledger;
CREATE SCHEMA program;
CREATE SCHEMA checkout;

-- access ------------------------------------------------------------------------------------
CREATE TABLE access.api_key (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL,
    store_id text,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    rate_per_s integer NOT NULL CHECK (rate_per_s > 0),
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    revoked_at timestamptz,
    CHECK ((role = 'till') = (store_id IS NOT NULL))
);

-- Who is signed in at the console. Of the cookie, as of a key's token, only the SHA-256 is kept.
-- At most 1,000 rows: no index on seen_at, so that a touch rewrites its row in place.
CREATE TABLE access.session (
    id_hash bytea PRIMARY KEY CHECK (octet_length(id_hash) = 32),
    key_id uuid NOT NULL REFERENCES access.api_key (id),
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL
);

-- A writing call, once. The row stays for ever; the answer's bytes stay 35 days.
CREATE TABLE access.request (
    principal_id uuid NOT NULL,
    key text COLLATE "C" NOT NULL,
    operation text NOT NULL,
    fingerprint bytea NOT NULL,
    outcome_id uuid NOT NULL,
    posted_at timestamptz NOT NULL,
    PRIMARY KEY (principal_id, key)
);

-- Keyed by the outcome's id, which grows with time: new rows meet at the right edge of the index.
CREATE TABLE access.answer (
    day date NOT NULL,
    outcome_id uuid NOT NULL,
    status smallint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (outcome_id, day)
) PARTITION BY RANGE (day);
ALTER TABLE access.answer ALTER COLUMN body SET STORAGE EXTERNAL; -- compressed already
-- So that an answer always finds a place, also when prepare_days did not run for a week.
CREATE TABLE access.answer_default PARTITION OF access.answer DEFAULT;

-- Partitions for today and the week after; those of more than 35 days ago go. True when all is
-- done. It runs with the owner's rights. It never queues for long behind a backup that reads the
-- table, because every till would queue behind it: it gives up, answers false, is asked again.
CREATE FUNCTION access.prepare_days(today date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '500ms' AS $$
DECLARE
    coming date;
    old text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('access.prepare_days'));
    FOR n IN 0..7 LOOP
        coming := today + n;
        -- rows of that day that went to the default partition stay there
        CONTINUE WHEN to_regclass(format('access.answer_%s', to_char(coming, 'YYYYMMDD'))) IS NOT NULL
            OR EXISTS (SELECT FROM access.answer_default AS d WHERE d.day = coming);
        EXECUTE format(
            'CREATE TABLE access.%I PARTITION OF access.answer FOR VALUES FROM (%L) TO (%L)',
            'answer_' || to_char(coming, 'YYYYMMDD'), coming, coming + 1
        );
    END LOOP;
    FOR old IN
        SELECT c.relname
        FROM pg_inherits AS i
        JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'access.answer'::regclass
            AND c.relname ~ '^answer_[0-9]{8}$'
            AND to_date(substr(c.relname, 8), 'YYYYMMDD') < today - 35
    LOOP
        EXECUTE format('DROP TABLE access.%I', old);
    END LOOP;
    DELETE FROM access.answer_default AS d WHERE d.day < today - 35;
    RETURN true;
EXCEPTION WHEN lock_not_available THEN
    RETURN false;
END $$;
REVOKE EXECUTE ON FUNCTION access.prepare_days(date) FROM public;
GRANT EXECUTE ON FUNCTION access.prepare_days(date) TO tessera_app;

-- warehouse ---------------------------------------------------------------------------------
CREATE TABLE warehouse.store (
    id text PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL
);

-- A file that is or was loaded. `done` receipts of it, in the order in which they are complete in
-- the file, need not be looked at again; `tally` is what became of them, for the report.
CREATE TABLE warehouse.load (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    source_hash bytea NOT NULL,
    mapping text NOT NULL,
    phase text NOT NULL CHECK (phase IN ('sales', 'returns', 'done')),
    done bigint NOT NULL,
    tally jsonb NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (source_hash, mapping)
);

-- One row per receipt that could not be posted; `record` is the receipt as it was read.
CREATE TABLE warehouse.quarantine (
    mapping text NOT NULL,
    number text NOT NULL,
    load_id uuid NOT NULL REFERENCES warehouse.load (id),
    row_number bigint NOT NULL,
    code text NOT NULL,
    field text NOT NULL,
    why text NOT NULL,
    record jsonb NOT NULL,
    PRIMARY KEY (mapping, number)
);

-- Returns read from a file wait here until all its sales are in. `member` is '' for nobody; `plan`
-- is what will be posted, written before the first of it is, so that a load may die in between.
CREATE TABLE warehouse.waiting_return (
    mapping text NOT NULL,
    number text NOT NULL,
    load_id uuid NOT NULL REFERENCES warehouse.load (id),
    row_number bigint NOT NULL,
    member text NOT NULL,
    record jsonb NOT NULL,
    plan jsonb,
    PRIMARY KEY (mapping, number)
);
CREATE INDEX waiting_return_load ON warehouse.waiting_return (load_id, member);

-- members -----------------------------------------------------------------------------------
CREATE TABLE members.member (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    registered_at timestamptz,
    language text NOT NULL DEFAULT 'en'
);
CREATE INDEX member_account ON members.member (account_id);

-- Live personal data, in one table, deleted on erasure.
CREATE TABLE members.person (
    member_id uuid PRIMARY KEY REFERENCES members.member (id),
    given_name text NOT NULL DEFAULT '',
    family_name text NOT NULL DEFAULT '',
    born_on date
);

-- Ways to name a member. The account is the member's, so that it is in one place only.
CREATE TABLE members.identifier (
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('card', 'phone', 'email', 'external')),
    value text COLLATE "C" NOT NULL,
    member_id uuid NOT NULL REFERENCES members.member (id),
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'blocked', 'replaced')),
    status_reason text NOT NULL DEFAULT '',
    since timestamptz NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX identifier_member ON members.identifier (member_id);

-- A run of card numbers: `prefix` and a serial from `first` on, plus the check digit.
CREATE TABLE members.card_batch (
    id uuid PRIMARY KEY,
    label text NOT NULL,
    prefix text NOT NULL,
    first bigint NOT NULL CHECK (first >= 0),
    count bigint NOT NULL CHECK (count > 0),
    issued_at timestamptz NOT NULL,
    CHECK (prefix ~ '^[0-9]{2,11}$' AND first + count <= power(10, 12 - length(prefix))::bigint),
    -- no number is issued twice, not even by prefixes that begin alike (20 and 2000)
    CONSTRAINT card_issued_once EXCLUDE USING gist (
        int8range(
            rpad(prefix, 12, '0')::bigint + first, rpad(prefix, 12, '0')::bigint + first + count
        ) WITH &&
    )
);

-- ledger ------------------------------------------------------------------------------------
-- The row that is locked: it holds the head of the account's chain of moves and running sums.
CREATE TABLE ledger.account (
    id uuid PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0,
    head bytea NOT NULL DEFAULT ''::bytea,
    active bigint NOT NULL DEFAULT 0 CHECK (active >= 0),
    debt bigint NOT NULL DEFAULT 0 CHECK (debt >= 0),
    holds integer NOT NULL DEFAULT 0 CHECK (holds >= 0),
    soonest_expiry timestamptz
) WITH (fillfactor = 70);

CREATE TABLE ledger.lot (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    outcome_id uuid NOT NULL,
    earned_at timestamptz NOT NULL,
    expires_at timestamptz,
    points bigint NOT NULL CHECK (points > 0),
    remaining bigint NOT NULL CHECK (remaining >= 0 AND remaining <= points),
    PRIMARY KEY (account_id, id)
) WITH (fillfactor = 85);

CREATE TABLE ledger.move (
    account_id uuid NOT NULL,
    seq bigint NOT NULL,
    outcome_id uuid NOT NULL,
    source text NOT NULL,
    target text NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    lot_id uuid,
    happened_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (account_id, seq),
    CHECK (source <> target)
);

CREATE TABLE ledger.hold (
    account_id uuid NOT NULL,
    id uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    placed_at timestamptz NOT NULL,
    deadline timestamptz NOT NULL,
    ended_at timestamptz,
    ending text CHECK (ending IN ('captured', 'released', 'timed_out')),
    PRIMARY KEY (account_id, id),
    CHECK ((ended_at IS NULL) = (ending IS NULL))
);
CREATE INDEX hold_open ON ledger.hold (deadline) WHERE ended_at IS NULL;

-- The parts of lots that a hold keeps for itself.
CREATE TABLE ledger.pin (
    account_id uuid NOT NULL,
    hold_id uuid NOT NULL,
    lot_id uuid NOT NULL,
    points bigint NOT NULL CHECK (points > 0),
    PRIMARY KEY (account_id, hold_id, lot_id),
    FOREIGN KEY (account_id, hold_id) REFERENCES ledger.hold (account_id, id),
    FOREIGN KEY (account_id, lot_id) REFERENCES ledger.lot (account_id, id)
);

-- Nobody changes a move, whatever rights a role may have been given by mistake.
CREATE FUNCTION ledger.never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'post a correcting move instead';
END $$;
CREATE TRIGGER move_never_changes BEFORE UPDATE OR DELETE ON ledger.move
FOR EACH ROW EXECUTE FUNCTION ledger.never();
CREATE TRIGGER move_never_emptied BEFORE TRUNCATE ON ledger.move
FOR EACH STATEMENT EXECUTE FUNCTION ledger.never();

-- program -----------------------------------------------------------------------------------
CREATE TABLE program.version (
    version integer PRIMARY KEY,
    body jsonb NOT NULL,
    published_at timestamptz NOT NULL,
    published_by uuid
);

-- checkout ----------------------------------------------------------------------------------
-- A sale or a return. `lines` and `story` are each one value (JSON); a return names its sale.
CREATE TABLE checkout.receipt (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('sale', 'return')),
    store_id text NOT NULL,
    till text NOT NULL,
    business_date date NOT NULL,
    shift text NOT NULL,
    number text NOT NULL,
    account_id uuid,
    member_id uuid,
    sale_id uuid REFERENCES checkout.receipt (id),
    happened_at timestamptz NOT NULL,
    local_at timestamp NOT NULL,
    posted_at timestamptz NOT NULL,
    skewed boolean NOT NULL,
    cashier_id text NOT NULL,
    entry_mode text NOT NULL,
    card_scan_offset integer,
    gross_minor bigint NOT NULL,
    to_pay_minor bigint NOT NULL,
    points_earned bigint NOT NULL,
    points_spent bigint NOT NULL,
    program_version integer NOT NULL,
    lines bytea NOT NULL,
    story bytea NOT NULL
);
CREATE UNIQUE INDEX receipt_identity
ON checkout.receipt (store_id, till, business_date, shift, number);
CREATE INDEX receipt_account ON checkout.receipt (account_id, happened_at, id)
WHERE account_id IS NOT NULL;
CREATE INDEX receipt_sale ON checkout.receipt (sale_id) WHERE sale_id IS NOT NULL;

-- What a quote promised, until its deadline. The points it keeps are a hold with the same id.
CREATE TABLE checkout.quote (
    id uuid PRIMARY KEY,
    account_id uuid,
    store_id text NOT NULL,
    fingerprint bytea NOT NULL,
    program_version integer NOT NULL,
    deadline timestamptz NOT NULL,
    story bytea NOT NULL,
    ended text CHECK (ended IN ('confirmed', 'cancelled', 'overtaken'))
);

-- Returns that came before their sale: settled by the sale when it arrives.
CREATE TABLE checkout.parked (
    outcome_id uuid PRIMARY KEY,
    store_id text NOT NULL,
    till text NOT NULL,
    business_date date NOT NULL,
    shift text NOT NULL,
    number text NOT NULL,
    body bytea NOT NULL,
    posted_at timestamptz NOT NULL,
    settled_at timestamptz,
    refused text
);
CREATE INDEX parked_sale ON checkout.parked (store_id, till, business_date, shift, number)
WHERE settled_at IS NULL;

-- rights ------------------------------------------------------------------------------------
GRANT USAGE ON SCHEMA access, warehouse, members, ledger, program, checkout TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA access, warehouse, members, checkout
TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON ledger.account, ledger.lot, ledger.hold, ledger.pin TO tessera_app;
GRANT SELECT, INSERT ON ledger.move, program.version TO tessera_app;
