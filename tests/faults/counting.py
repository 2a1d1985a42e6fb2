"""Everything that is written, counted: rows of every table, and the moments set in them."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, sql

from support.api import OWN_TIME

Conn = AsyncConnection[tuple[Any, ...]]

# What the house writes by itself, at its own time.
NOT_COUNTED = OWN_TIME | {
    "checkout.day", "tasks.turn",
}  # fmt: skip
# Who was refused is written down once a minute: that is no trace of one call.
ONLY = {"access.audit": "outcome = 'done'"}
# A table, and its columns that say when something has happened to a row.
TABLES = """
SELECT n.nspname, c.relname, array_remove(array_agg(a.attname::text ORDER BY a.attname), NULL)
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND NOT a.attnotnull AND a.atttypid = 'timestamptz'::regtype
    AND a.attname NOT LIKE 'soonest%'  -- found from the lots: an account that has some says it once
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_%'
GROUP BY 1, 2
"""
_asked: WeakKeyDictionary[Conn, sql.Composed] = WeakKeyDictionary()


async def rows(eye: Conn) -> dict[str, int]:
    """{"ledger.hold": its rows, "ledger.hold.ended_at": those that have one}, of every table."""
    if eye not in _asked:
        found = await (await eye.execute(TABLES)).fetchall()
        _asked[eye] = sql.SQL(" UNION ALL ").join(
            _one(schema, table, columns)
            for schema, table, columns in found
            if f"{schema}.{table}" not in NOT_COUNTED
        )
    listed = await (await eye.execute(_asked[eye], prepare=True)).fetchall()
    return {
        name: many for names, counts in listed for name, many in zip(names, counts, strict=True)
    }


def _one(schema: str, table: str, columns: list[str]) -> sql.Composed:
    name = f"{schema}.{table}"
    names = [name, *(f"{name}.{column}" for column in columns)]
    counts: list[sql.Composable] = [sql.SQL("count(*)")]
    counts += [sql.SQL("count({})").format(sql.Identifier(column)) for column in columns]
    where = sql.SQL(f" WHERE {ONLY[name]}") if name in ONLY else sql.SQL("")
    return sql.SQL("SELECT {}::text[], ARRAY[{}] FROM {}{}").format(
        sql.Literal(names), sql.SQL(", ").join(counts), sql.Identifier(schema, table), where
    )


async def quiet(eye: Conn) -> bool:
    """Whether nothing waits that the house posts within seconds of a call."""
    owed = "SELECT NOT EXISTS (SELECT FROM members.posting WHERE settled_at IS NULL)"
    found = await (await eye.execute(owed)).fetchone()
    return found == (True,)
