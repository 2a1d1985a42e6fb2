-- access.sealing: one key a person; what was sealed with a destroyed key can never be read again.

-- name: keep_key
-- A fresh key, unless there is one, or was one. Whoever comes second waits for the first to end.
INSERT INTO access.seal_key (person_id, key) VALUES (%(person)s, %(key)s)
ON CONFLICT (person_id) DO NOTHING
RETURNING key;

-- name: keys
-- The keys of these people; null where it was destroyed.
SELECT person_id, key FROM access.seal_key WHERE person_id = ANY(%(people)s::uuid[]);

-- name: destroy_key
-- The row stays without its key, so that nothing is ever sealed readably for this person again.
INSERT INTO access.seal_key (person_id, key) VALUES (%(person)s, NULL)
ON CONFLICT (person_id) DO UPDATE SET key = NULL;
