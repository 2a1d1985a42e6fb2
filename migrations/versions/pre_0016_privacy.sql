-- Erasures, retention, who saw personal data.
CREATE SCHEMA IF NOT EXISTS identity;
GRANT USAGE ON SCHEMA identity TO tessera_app;

-- An erased member keeps a number and nothing else.
ALTER TABLE members.member ADD COLUMN erased_at timestamptz;

-- Who was erased: numbers only. Never changed, never deleted: a restored backup replays it.
CREATE TABLE identity.erasure (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL UNIQUE,
    asked_by text NOT NULL CHECK (asked_by IN ('member', 'staff', 'retention', 'replay')),
    principal_id uuid,
    reason text NOT NULL,
    erased_at timestamptz NOT NULL
);

-- Who saw personal data of whom, and why. Ids grow with time.
CREATE TABLE identity.sight (
    id uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL,
    member_id uuid NOT NULL,
    principal_kind text NOT NULL,
    principal_id uuid NOT NULL,
    principal_name text NOT NULL,
    fields text[] NOT NULL,
    reason text NOT NULL
);
CREATE INDEX sight_member ON identity.sight (member_id, id);

GRANT SELECT, INSERT ON identity.erasure TO tessera_app;
GRANT SELECT, INSERT, DELETE ON identity.sight TO tessera_app;

-- Writing calls whose body spoke of a person: their fingerprints are blanked when they are over, or
-- the person is erased. The tills' calls never set it.
ALTER TABLE access.request ADD COLUMN personal boolean NOT NULL DEFAULT false;
CREATE INDEX request_personal ON access.request (posted_at) WHERE personal;
CREATE INDEX request_person ON access.request (outcome_id) WHERE personal;
