-- identity.merging: merges, told and undone.

-- name: add
-- Two members are one from now on.
INSERT INTO identity.merge (
    id, member_id, other_id, joining_id, keeps, reason, principal_id, merged_at, was, other_was
) VALUES (
    %(id)s, %(member_id)s, %(other_id)s, %(joining_id)s, %(keeps)s, %(reason)s, %(principal_id)s,
    %(merged_at)s, %(was)s, %(other_was)s
);

-- name: read
-- A merge.
SELECT
    id, member_id, other_id, joining_id, keeps, reason, principal_id, merged_at, was, other_was,
    undone_at, undone_by, undo_reason, parting_id
FROM identity.merge WHERE id = %s;

-- name: hold
-- A merge, held still while it is undone.
SELECT id FROM identity.merge WHERE id = %s FOR NO KEY UPDATE;

-- name: undo
-- A merge is undone; what was sealed for that is not needed any more.
UPDATE identity.merge SET
    undone_at = %(at)s, undone_by = %(by)s, undo_reason = %(reason)s, parting_id = %(parting)s,
    was = NULL, other_was = NULL
WHERE id = %(id)s AND undone_at IS NULL;

-- name: of_member
-- The merges of a member, on either side, the newest first.
SELECT
    id, member_id, other_id, joining_id, keeps, reason, principal_id, merged_at, was, other_was,
    undone_at, undone_by, undo_reason, parting_id
FROM identity.merge
WHERE member_id = %(id)s OR other_id = %(id)s
ORDER BY merged_at DESC, id DESC
LIMIT 100;

-- name: last
-- Of these members' merges, on either side, the one that came last and was not undone.
SELECT id FROM identity.merge
WHERE undone_at IS NULL AND (member_id = ANY(%(ids)s::uuid[]) OR other_id = ANY(%(ids)s::uuid[]))
ORDER BY merged_at DESC, id DESC
LIMIT 1;

-- name: after
-- When members who are held still are merged: after all their merges, whatever the clocks say.
SELECT greatest(%(now)s, max(merged_at) + interval '1 microsecond') FROM identity.merge
WHERE member_id = ANY(%(ids)s::uuid[]) OR other_id = ANY(%(ids)s::uuid[]);
