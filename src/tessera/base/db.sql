-- base: what a backup has to know of a server.

-- name: tables
-- Our tables, partitions by themselves.
SELECT n.nspname, c.relname
FROM pg_class AS c
JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
ORDER BY n.nspname, c.relname;

-- name: rows_of
-- How many rows a table holds. It is read whole; its name is put in as an identifier.
SELECT count(*) FROM %(named)s;

-- name: snapshot
-- This transaction's view, for pg_dump to see the same.
SELECT pg_export_snapshot();

-- name: restore_point
-- A name in the WAL that a restore can stop at.
SELECT pg_create_restore_point(%(name)s);

-- name: switch_wal
-- Ends the current piece of the WAL, so that it is archived; the name of that piece.
SELECT pg_walfile_name(pg_switch_wal());

-- name: archived
-- Whether that piece has been archived (pieces are archived in order), and what failed last.
SELECT
    coalesce(a.last_archived_wal >= %(piece)s, false),
    CASE
        WHEN a.last_failed_time > coalesce(a.last_archived_time, '-infinity')
            THEN a.last_failed_wal
    END
FROM pg_stat_archiver AS a;

-- name: has_schema
-- Whether any revision was ever applied here.
SELECT to_regclass('public.tessera_schema') IS NOT NULL;

-- name: applied
-- The newest revisions that were applied.
SELECT version_num FROM public.tessera_schema;

-- name: taken_away
-- The newest revision that took something away; releases that do not know it must not serve.
SELECT obj_description(to_regclass('public.tessera_schema'), 'pg_class');

-- name: database_bytes
-- How much this database takes on the disk.
SELECT pg_database_size(current_database());

-- name: application_role
-- The role the application works as. Roles belong to the server, so that no dump of a database has
-- them, and its grants need one.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tessera_app') THEN
        CREATE ROLE tessera_app NOLOGIN;
        EXECUTE format('GRANT tessera_app TO %I', current_user);
    END IF;
END $$;
