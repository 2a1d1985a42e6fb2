-- What a program may know of a person, what a member has chosen in advance, and what happens to
-- members besides receipts.

-- Personal data: in members.person, gone with the person.
ALTER TABLE members.person ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}';
-- Codes of articles and categories.
ALTER TABLE members.member ADD COLUMN favourites text[] NOT NULL DEFAULT '{}';

-- A survey answered, a check-in: once, under the sender's own number. `story` is one value (JSON)
-- with the decision and what it knew; of the event's data only what is no free text.
CREATE TABLE checkout.event (
    id uuid PRIMARY KEY,
    source text NOT NULL,
    number text NOT NULL,
    type text NOT NULL,
    store_id text NOT NULL,
    account_id uuid NOT NULL,
    member_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    local_at timestamp NOT NULL,
    posted_at timestamptz NOT NULL,
    points_earned bigint NOT NULL,
    program_version integer NOT NULL,
    story bytea NOT NULL
);
CREATE UNIQUE INDEX event_identity ON checkout.event (source, number);
CREATE INDEX event_account ON checkout.event (account_id, happened_at, id);

GRANT SELECT, INSERT ON checkout.event TO tessera_app;
