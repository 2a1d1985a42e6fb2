-- Joining: where from, verified identifiers, consents, choices.

-- By whom a phone or an address was proved to be in the member's hands, by a code: since when.
ALTER TABLE members.identifier ADD COLUMN verified_at timestamptz;
-- {choice: its options}, and purpose/channel of every consent that counts: beside the member, so
-- that tills and senders need no other table. History is below.
ALTER TABLE members.member ADD COLUMN chosen jsonb NOT NULL DEFAULT '{}';
ALTER TABLE members.member ADD COLUMN agreed text[] NOT NULL DEFAULT '{}';

-- How each member came. One row a member, for ever.
CREATE TABLE members.joining (
    member_id uuid PRIMARY KEY REFERENCES members.member (id),
    way text NOT NULL CHECK (way IN ('till', 'office', 'web', 'sign_in', 'import')),
    source text NOT NULL,
    store_id text,
    cost_minor bigint NOT NULL CHECK (cost_minor >= 0),
    joined_at timestamptz NOT NULL,
    joined_on date NOT NULL,
    principal_id uuid
);
CREATE INDEX joining_day ON members.joining (joined_on, source);

-- What was said on the web before a code came back: sealed with the installation's key.
CREATE TABLE members.application (
    challenge_id uuid PRIMARY KEY,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX application_over ON members.application (expires_at);

-- Tries at what proves whose card it is, counted by day. `what` is a keyed hash: no card, no
-- address of the net lies here.
CREATE TABLE members.claim_try (
    what bytea NOT NULL,
    day date NOT NULL,
    tries integer NOT NULL,
    PRIMARY KEY (what, day)
);

-- The installation's key for keyed hashes and unsubscribe tokens: in the database, so that every
-- process has the same one and a restore brings it along.
CREATE TABLE members.mac_key (
    one boolean PRIMARY KEY CHECK (one),
    key bytea NOT NULL CHECK (octet_length(key) = 32)
);

-- Events that the house itself owes: the welcome. Written with what they are about, settled later.
CREATE TABLE members.posting (
    number text PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members.member (id),
    type text NOT NULL,
    data jsonb NOT NULL,
    happened_at timestamptz NOT NULL,
    settled_at timestamptz,
    refused text NOT NULL DEFAULT ''
);
CREATE INDEX posting_open ON members.posting (happened_at, number) WHERE settled_at IS NULL;

CREATE FUNCTION members.never() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING HINT = 'what was said stays written; add another line';
END $$;

-- Consents: lines are added, never changed. Ids and codes only: it outlives the person as proof.
CREATE TABLE members.consent (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members.member (id),
    purpose text NOT NULL,
    channel text NOT NULL,
    state text NOT NULL CHECK (state IN ('given', 'pending', 'withdrawn', 'unsaid')),
    wording text NOT NULL,
    language text NOT NULL,
    way text NOT NULL,
    at timestamptz NOT NULL,
    proof text NOT NULL,
    principal_id uuid,
    -- of a merge: what the other member had said, so that it can be taken out again
    theirs text NOT NULL DEFAULT ''
);
CREATE INDEX consent_member ON members.consent (member_id, purpose, channel, id);
CREATE TRIGGER consent_never_changes BEFORE UPDATE OR DELETE ON members.consent
FOR EACH ROW EXECUTE FUNCTION members.never();

-- Answers to the program's choices, each one that was given.
CREATE TABLE members.choice (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES members.member (id),
    choice text NOT NULL,
    options text[] NOT NULL,
    at timestamptz NOT NULL,
    principal_id uuid NOT NULL,
    reason text NOT NULL
);
CREATE INDEX choice_member ON members.choice (member_id, choice, at);
CREATE TRIGGER choice_never_changes BEFORE UPDATE OR DELETE ON members.choice
FOR EACH ROW EXECUTE FUNCTION members.never();

GRANT SELECT, INSERT ON members.joining, members.mac_key, members.consent, members.choice
TO tessera_app;
GRANT SELECT, INSERT, DELETE ON members.application TO tessera_app;
GRANT SELECT, INSERT, UPDATE ON members.posting TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON members.claim_try TO tessera_app;
