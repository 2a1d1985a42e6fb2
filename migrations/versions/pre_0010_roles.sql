-- Roles of people and keys, and what a key may: scope, stores, addresses, rotation.

-- Roles this installation has made besides the built-in ones. A name is never used again, so that
-- whoever still bears an ended role gets nothing by a later one.
CREATE TABLE access.role (
    name text PRIMARY KEY CHECK (name ~ '^[a-z][a-z0-9_-]{1,31}$'),
    about text NOT NULL,
    grants jsonb NOT NULL CHECK (jsonb_typeof(grants) = 'object'),
    sight text NOT NULL CHECK (sight IN ('masked', 'pseudonym')),
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    made_by uuid,
    ended_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON access.role TO tessera_app;

-- Null means: as the role says, from anywhere, without a cap. The release before fills store_id for
-- tills and reads nothing else; a till's key of several stores has none there, so it is let in
-- nowhere by that release.
ALTER TABLE access.api_key
ADD COLUMN stores text[] CHECK (cardinality(stores) BETWEEN 1 AND 1000),
ADD COLUMN operations text[],
ADD COLUMN networks text[] CHECK (cardinality(networks) > 0),
ADD COLUMN mint_per_day bigint CHECK (mint_per_day >= 0),
ADD COLUMN issued_by uuid,
ADD COLUMN last_used_at timestamptz,
ADD COLUMN old_token_hash bytea UNIQUE CHECK (octet_length(old_token_hash) = 32),
ADD COLUMN old_until timestamptz,
ADD COLUMN rotated_at timestamptz,
DROP CONSTRAINT api_key_check,
ADD CONSTRAINT api_key_of_store CHECK (
    (store_id IS NULL OR role = 'till')
    AND (role <> 'till' OR store_id IS NOT NULL OR stores IS NOT NULL)
),
ADD CONSTRAINT api_key_old_ends CHECK ((old_token_hash IS NULL) = (old_until IS NULL));

-- What a key with a cap has given on a day (UTC); the row is locked by the batch that gives.
CREATE TABLE access.minted (
    key_id uuid NOT NULL REFERENCES access.api_key (id),
    day date NOT NULL,
    points bigint NOT NULL CHECK (points >= 0),
    PRIMARY KEY (key_id, day)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON access.minted TO tessera_app;
