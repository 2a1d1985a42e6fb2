"""What a backup has to know of a server, asked of it."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = Connection[tuple[Any, ...]]


def table_rows(conn: Conn) -> dict[str, int]:
    """{schema.table: rows}, exact in this transaction's snapshot; reads everything."""
    text = SQL["rows_of"].decode().replace("%(named)s", "{}")
    found: dict[str, int] = {}
    for name in conn.execute(SQL["tables"]).fetchall():
        # Our own statement; the table's name goes in as an identifier.
        asked = sql.SQL(text).format(sql.Identifier(*name))
        row = conn.execute(asked).fetchone()
        assert row is not None, "a count has a value"
        found[".".join(name)] = row[0]
    return found


def snapshot(conn: Conn) -> str:
    """The name of this transaction's view; good as long as it is open."""
    return str(_one(conn, "snapshot")[0])


def restore_point(conn: Conn, name: str) -> None:
    """Name this moment in the WAL (at most 63 bytes). Needs a superuser's rights."""
    conn.execute(SQL["restore_point"], {"name": name})


def switch_wal(conn: Conn) -> str:
    """End the current piece of the WAL; its name. Needs a superuser's rights.

    A piece that holds nothing yet is not ended: write something before (`restore_point`).
    """
    return str(_one(conn, "switch_wal")[0])


def archived(conn: Conn, piece: str) -> tuple[bool, str | None]:
    """Whether a piece has been archived, and which one cannot be archived at the moment."""
    row = conn.execute(SQL["archived"], {"piece": piece}).fetchone()
    assert row is not None, "the view has one row"
    return bool(row[0]), row[1]


def applied(conn: Conn) -> tuple[str, ...]:
    """The newest revisions that these tables have; none in an empty database."""
    if not _one(conn, "has_schema")[0]:
        return ()
    return tuple(row[0] for row in conn.execute(SQL["applied"]).fetchall())


def taken_away(conn: Conn) -> str | None:
    """The newest post_ revision that was applied, or is about to be; None if there was none."""
    found = _one(conn, "taken_away")[0]
    return None if found is None else str(found)


def take_away(conn: Conn, revision: str) -> None:
    """Say that a post_ revision is about to be applied: before, so that a kill errs safely."""
    said = sql.SQL("COMMENT ON TABLE public.tessera_schema IS {}")  # takes no parameter
    conn.execute(said.format(sql.Literal(revision)))


def database_bytes(conn: Conn) -> int:
    """What the database takes on the disk."""
    return int(_one(conn, "database_bytes")[0])


def application_role(conn: Conn) -> None:
    """Make sure that there is the role which a dump grants its rights to."""
    conn.execute(SQL["application_role"])


def _one(conn: Conn, name: str) -> tuple[Any, ...]:
    row = conn.execute(SQL[name]).fetchone()
    assert row is not None, "a function has a value"
    return row
