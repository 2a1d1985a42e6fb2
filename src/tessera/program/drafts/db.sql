-- drafts: programs that are being written.

-- name: take_turn
-- Drafts are counted and made by one at a time; until commit.
SELECT pg_advisory_xact_lock(7_310_002);

-- name: add
-- A draft at its first revision.
INSERT INTO program.draft
(id, name, base, revision, files, made_at, made_by, changed_at, changed_by)
VALUES
(%(id)s, %(name)s, %(base)s, 1, %(files)s, %(now)s, %(who)s, %(now)s, %(who)s);

-- name: open_ones
-- How many are open.
SELECT count(*) FROM program.draft WHERE published IS NULL;

-- name: read
-- One draft.
SELECT
    id, name, base, revision, files, made_at, made_by, changed_at, changed_by, published
FROM program.draft WHERE id = %(id)s;

-- name: lock
-- One draft that is about to be changed.
SELECT
    id, name, base, revision, files, made_at, made_by, changed_at, changed_by, published
FROM program.draft WHERE id = %(id)s FOR UPDATE;

-- name: page
-- Drafts, the newest first (ids grow with time), without their text.
SELECT
    id, name, base, revision, made_at, made_by, changed_at, changed_by, published
FROM program.draft
WHERE
    (%(before)s::uuid IS NULL OR id < %(before)s::uuid)
    AND (NOT %(open)s OR published IS NULL)
ORDER BY id DESC
LIMIT %(page)s;

-- name: change
-- The next revision.
UPDATE program.draft SET
    name = %(name)s, base = %(base)s, files = %(files)s, revision = revision + 1,
    changed_at = %(now)s, changed_by = %(who)s
WHERE id = %(id)s;

-- name: published
-- It became a version.
UPDATE program.draft SET published = %(version)s WHERE id = %(id)s;

-- name: drop
-- Nobody wants it.
DELETE FROM program.draft WHERE id = %(id)s;
