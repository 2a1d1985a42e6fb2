-- How many messages with codes may go where, as buckets that fill again: a mark of what it counts,
-- and when the bucket is full. A release before this one counts in access.code_budget.
CREATE TABLE access.code_bucket (
    what bytea PRIMARY KEY CHECK (octet_length(what) = 32),
    full_at timestamptz NOT NULL
);
CREATE INDEX code_bucket_full ON access.code_bucket (full_at);

-- From which networks a phone or address was proved, until when that counts: marks only. Found by
-- the destination too, so that they go with the person.
CREATE TABLE access.code_home (
    what bytea PRIMARY KEY CHECK (octet_length(what) = 32),
    destination bytea NOT NULL CHECK (octet_length(destination) = 32),
    until timestamptz NOT NULL
);
CREATE INDEX code_home_destination ON access.code_home (destination);
CREATE INDEX code_home_over ON access.code_home (until);
GRANT SELECT, INSERT, UPDATE, DELETE ON access.code_bucket, access.code_home TO tessera_app;
