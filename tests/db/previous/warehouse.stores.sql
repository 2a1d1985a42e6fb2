-- warehouse: stores.

-- name: put_store
-- A store as it is from now on.
INSERT INTO warehouse.store (id, name, time_zone)
VALUES (%(id)s, %(name)s, %(time_zone)s)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone;

-- name: all_stores
-- All of them: a company has thousands, not millions.
SELECT id, name, time_zone
FROM warehouse.store
ORDER BY id COLLATE "C";
