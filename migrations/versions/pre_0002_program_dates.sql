-- From when a version decides: NULL is the beginning of time. A receipt is decided by the newest
-- version that had begun when it happened. Rows stay insert-only; a later version overtakes.
ALTER TABLE program.version
ADD COLUMN starts_at timestamptz,
ADD COLUMN note text NOT NULL DEFAULT '';
