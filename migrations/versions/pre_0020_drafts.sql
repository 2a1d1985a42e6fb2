-- Programs that are being written.
-- A draft is a directory of text ({path: text}, as JSON) that is based on a version. `revision`
-- counts its changes; `published` is the version that came of it.
CREATE TABLE program.draft (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    base integer NOT NULL REFERENCES program.version (version),
    revision integer NOT NULL,
    files bytea NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    published integer REFERENCES program.version (version)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON program.draft TO tessera_app;
