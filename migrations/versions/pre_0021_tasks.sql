-- Long work with its progress: imports, and what they could not take.
CREATE SCHEMA tasks;

-- What somebody asked for. Nothing of a file is in here: its name, sizes, counts and reasons.
CREATE TABLE tasks.task (
    id uuid PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    label text NOT NULL,
    state text COLLATE "C" NOT NULL CHECK (
        state IN ('receiving', 'queued', 'running', 'ready', 'done', 'failed', 'cancelled')
    ),
    part text COLLATE "C" NOT NULL CHECK (part IN ('check', 'run')),
    size bigint NOT NULL CHECK (size >= 0),
    received bigint NOT NULL DEFAULT 0 CHECK (received BETWEEN 0 AND size),
    asked jsonb NOT NULL,
    by_kind text NOT NULL,
    by_id uuid,
    by_name text NOT NULL,
    by_role text NOT NULL,
    asked_at timestamptz NOT NULL,
    phase text NOT NULL DEFAULT '',
    done bigint NOT NULL DEFAULT 0,
    total bigint,
    phase_at timestamptz,
    phase_from bigint NOT NULL DEFAULT 0,
    started_at timestamptz,
    beat_at timestamptz,
    finished_at timestamptz,
    tries integer NOT NULL DEFAULT 0,
    stop boolean NOT NULL DEFAULT false,
    report jsonb,
    fault jsonb,
    subject uuid
);
CREATE INDEX task_open ON tasks.task (id) WHERE state IN ('queued', 'running');
CREATE INDEX task_subject ON tasks.task (subject, id) WHERE subject IS NOT NULL;

-- The newest turn of each thing that the house does by itself.
CREATE TABLE tasks.turn (
    name text COLLATE "C" PRIMARY KEY,
    every_s integer NOT NULL,
    began_at timestamptz NOT NULL,
    took_ms bigint NOT NULL,
    fault text NOT NULL,
    failures integer NOT NULL,
    well_at timestamptz
);

GRANT USAGE ON SCHEMA tasks TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks.task, tasks.turn TO tessera_app;

-- What a load left in quarantine, in the order of its file.
CREATE INDEX quarantine_load ON warehouse.quarantine (load_id, row_number);
