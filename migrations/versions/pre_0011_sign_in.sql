-- Staff, their factors, sessions, codes that prove a phone or an address.

-- Codes -----------------------------------------------------------------------------------------
-- Neither the code nor the phone or address is here, only marks made with the installation's key.
CREATE TABLE access.code_challenge (
    id uuid PRIMARY KEY,
    purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 40),
    channel text NOT NULL CHECK (channel IN ('email', 'phone')),
    destination bytea NOT NULL CHECK (octet_length(destination) = 32),
    code_mark bytea NOT NULL CHECK (octet_length(code_mark) = 32),
    subject uuid,
    begun_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > begun_at),
    tries smallint NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 5),
    proved_at timestamptz
);
CREATE INDEX code_challenge_over ON access.code_challenge (expires_at);

-- A message waits here until it was handed to a provider, sealed with the installation's key.
CREATE TABLE access.code_outbox (
    id uuid PRIMARY KEY,
    channel text NOT NULL CHECK (channel IN ('email', 'phone')),
    sealed bytea NOT NULL,
    deliver boolean NOT NULL,
    due_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0)
);
CREATE INDEX code_outbox_due ON access.code_outbox (due_at);

-- How many messages a destination, an address or everybody asked for in a stretch of time.
CREATE TABLE access.code_budget (
    what bytea NOT NULL CHECK (octet_length(what) = 32),
    since timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    used integer NOT NULL CHECK (used >= 0),
    PRIMARY KEY (what, since)
);
CREATE INDEX code_budget_over ON access.code_budget (ends_at);
GRANT SELECT, INSERT, UPDATE, DELETE
ON access.code_challenge, access.code_outbox, access.code_budget TO tessera_app;

-- Staff -----------------------------------------------------------------------------------------
-- Whoever works here. Of an invitation only its SHA-256, of a password only Argon2id; the secret of
-- the authenticator app is sealed with the installation's key.
CREATE TABLE access.staff (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
    role text NOT NULL,
    stores text[] CHECK (cardinality(stores) BETWEEN 1 AND 1000),
    created_at timestamptz NOT NULL,
    created_by uuid,
    expires_at timestamptz,
    ended_at timestamptz,
    invitation bytea UNIQUE CHECK (octet_length(invitation) = 32),
    invited_until timestamptz,
    password text,
    totp bytea,
    totp_confirmed boolean NOT NULL DEFAULT false,
    totp_step bigint NOT NULL DEFAULT 0,
    sso_issuer text,
    sso_subject text,
    CHECK ((invitation IS NULL) = (invited_until IS NULL)),
    CHECK ((sso_issuer IS NULL) = (sso_subject IS NULL)),
    CHECK (totp IS NOT NULL OR NOT totp_confirmed)
);
CREATE UNIQUE INDEX staff_email ON access.staff (email) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX staff_sso ON access.staff (sso_issuer, sso_subject) WHERE ended_at IS NULL;

-- Marks of the codes that stand in for a lost authenticator; a used one is deleted.
CREATE TABLE access.recovery_code (
    staff_id uuid NOT NULL REFERENCES access.staff (id),
    mark bytea NOT NULL CHECK (octet_length(mark) = 32),
    PRIMARY KEY (staff_id, mark)
);

-- Public keys of people's devices. A member's go when the member is erased.
CREATE TABLE access.passkey (
    credential_id bytea PRIMARY KEY CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
    id uuid NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('staff', 'member')),
    person_id uuid NOT NULL,
    public_key bytea NOT NULL,
    sign_count bigint NOT NULL,
    name text NOT NULL CHECK (length(name) <= 100),
    created_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX passkey_person ON access.passkey (person_id, id);

-- Something begun in a browser and not finished: what a passkey signs, what an identity provider
-- brings back. Sealed, so that a dump helps nobody to finish it; it is finished once.
CREATE TABLE access.ceremony (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ceremony_over ON access.ceremony (expires_at);

-- Who is signed in, and where. Of a token only its SHA-256.
CREATE TABLE access.person_session (
    id uuid PRIMARY KEY,
    token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
    kind text NOT NULL CHECK (kind IN ('staff', 'member')),
    person_id uuid NOT NULL,
    way text NOT NULL,
    device text NOT NULL CHECK (length(device) <= 200),
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    proved_at timestamptz NOT NULL
);
CREATE INDEX person_session_person ON access.person_session (person_id, id);
CREATE INDEX person_session_opened ON access.person_session (opened_at);

-- Tries to sign in: how many were in vain, when the next is looked at. Marks, no names.
CREATE TABLE access.sign_in_limit (
    what bytea PRIMARY KEY CHECK (octet_length(what) = 32),
    misses integer NOT NULL CHECK (misses >= 0),
    free_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    good_until timestamptz
);
CREATE INDEX sign_in_limit_seen ON access.sign_in_limit (seen_at);
GRANT SELECT, INSERT, UPDATE ON access.staff TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE
ON access.recovery_code, access.passkey, access.ceremony, access.person_session,
    access.sign_in_limit
TO tessera_app;
