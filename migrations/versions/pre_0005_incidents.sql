-- What went wrong, when, how long, and what was done. Of a kind at most one is open.
CREATE SCHEMA incidents;

CREATE TABLE incidents.incident (
    id uuid PRIMARY KEY,
    began_at timestamptz NOT NULL,
    ended_at timestamptz CHECK (ended_at >= began_at),
    times integer NOT NULL CHECK (times > 0),
    kind text COLLATE "C" NOT NULL,
    detail text NOT NULL,
    opened_by text NOT NULL,
    closed_by text,
    CHECK ((ended_at IS NULL) = (closed_by IS NULL))
);
CREATE UNIQUE INDEX incident_open ON incidents.incident (kind) WHERE ended_at IS NULL;
CREATE INDEX incident_kind ON incidents.incident (kind, id);

CREATE TABLE incidents.note (
    incident_id uuid NOT NULL REFERENCES incidents.incident (id) ON DELETE CASCADE,
    at timestamptz NOT NULL,
    number integer NOT NULL,
    who text NOT NULL,
    text text NOT NULL,
    PRIMARY KEY (incident_id, number)
);

GRANT USAGE ON SCHEMA incidents TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON incidents.incident, incidents.note TO tessera_app;
