-- Where members stand on each ladder, and how they came there.

CREATE SCHEMA tiers;
GRANT USAGE ON SCHEMA tiers TO tessera_app;

-- A row for everybody who ever left the ground of a ladder. `until` is the day of the next review;
-- what came before `settled` is not undone by a return. An account that was joined to another one
-- sleeps: it is neither reviewed nor counted.
CREATE TABLE tiers.standing (
    account_id uuid NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL,
    since date,
    until date,
    settled date,
    rank smallint NOT NULL DEFAULT -1,
    asleep boolean NOT NULL DEFAULT FALSE,
    PRIMARY KEY (account_id, ladder)
);
CREATE INDEX standing_due ON tiers.standing (ladder, until, account_id)
WHERE until IS NOT NULL AND NOT asleep;
CREATE INDEX standing_level ON tiers.standing (ladder, level) WHERE NOT asleep;

-- Every change of a level, by an operation, a review or a hand; `day` is when it holds from. What
-- stood before is told, so that a return can undo a climb; `undoes` names it.
CREATE TABLE tiers.change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id uuid NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL,
    target text COLLATE "C" NOT NULL,
    day date NOT NULL,
    why text NOT NULL CHECK (
        why IN ('earned', 'returned', 'reviewed', 'matched', 'joined', 'parted', 'carried')
    ),
    was_since date,
    was_until date,
    was_rank smallint NOT NULL DEFAULT -1,
    undoes bigint REFERENCES tiers.change,
    outcome_id uuid,
    principal_id uuid,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL
);
CREATE INDEX change_account ON tiers.change (account_id, ladder, id);
CREATE INDEX change_undoes ON tiers.change (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX change_day ON tiers.change (ladder, day, why);

-- Reviews: how far one has come; killed, the same one goes on.
CREATE TABLE tiers.review (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ladder text COLLATE "C" NOT NULL,
    as_of date NOT NULL,
    kept bigint NOT NULL DEFAULT 0,
    sunk bigint NOT NULL DEFAULT 0,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);

-- Every use of a privilege.
CREATE TABLE tiers.privilege_use (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL,
    member_id uuid NOT NULL,
    ladder text COLLATE "C" NOT NULL,
    level text COLLATE "C" NOT NULL,
    privilege text COLLATE "C" NOT NULL,
    day date NOT NULL,
    store_id text COLLATE "C" NOT NULL,
    principal_id uuid NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX privilege_use_account ON tiers.privilege_use (account_id, ladder, privilege, day);

CREATE FUNCTION tiers.never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'what has happened stays written; add another line';
END $$;
CREATE TRIGGER change_never_changes BEFORE UPDATE OR DELETE ON tiers.change
FOR EACH ROW EXECUTE FUNCTION tiers.never();
CREATE TRIGGER change_never_emptied BEFORE TRUNCATE ON tiers.change
FOR EACH STATEMENT EXECUTE FUNCTION tiers.never();
CREATE TRIGGER use_never_changes BEFORE UPDATE OR DELETE ON tiers.privilege_use
FOR EACH ROW EXECUTE FUNCTION tiers.never();

GRANT SELECT, INSERT, UPDATE ON tiers.standing, tiers.review TO tessera_app;
GRANT SELECT, INSERT ON tiers.change, tiers.privilege_use TO tessera_app;
