"""Releases meet on one database: what pre_ migrations may do, and who may serve beside whom."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from alembic.script import ScriptDirectory
from psycopg import pq

from support import database, previous
from tessera.base import db, schema
from tessera.base.problem import PostgresProblem

COLUMNS = """
SELECT n.nspname || '.' || c.relname || '.' || a.attname, format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> ''
FROM pg_attribute AS a JOIN pg_class AS c ON a.attrelid = c.oid
JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
"""
Columns = dict[str, tuple[str, bool, bool]]  # type, not null, has a default


def script() -> ScriptDirectory:
    return ScriptDirectory(str(schema.migrations()))


def columns(dsn: str) -> Columns:
    with psycopg.connect(dsn) as conn:
        return {name: told for name, *told in conn.execute(COLUMNS)}  # type: ignore[misc]


def harm(before: Columns, after: Columns) -> list[str]:
    """What a release that knows only `before` would stumble over."""
    tables = {name.rpartition(".")[0] for name in before}
    told = [f"{name} is gone" for name in before if name not in after]
    for name, (kind, strict, given) in after.items():
        if name in before and before[name][0] != kind:
            told.append(f"{name} was {before[name][0]} and is {kind}")
        known = name.rpartition(".")[0] in tables
        was_strict = before[name][1] and not before[name][2] if name in before else False
        if known and strict and not given and not was_strict:
            told.append(f"{name} must be said now")
    return told


@pytest.fixture
def bare(server: str) -> Iterator[str]:
    """An empty database, not migrated."""
    name = f"tessera_bare_{uuid4().hex[:12]}"
    database.make(server, name)
    yield database.at(server, name)
    database.drop(server, name)


def test_there_is_one_newest_revision_and_each_says_what_it_is():
    assert len(script().get_heads()) == 1
    assert all(name.startswith(("pre_", "post_")) for name in schema.revisions())


def test_a_pre_migration_only_adds(bare):
    """Columns stay, with their types; what is new in a known table has a default or may be null."""
    seen: list[tuple[str, Columns]] = []
    for name in schema.revisions():
        database.migrate(bare, name)
        seen.append((name, columns(bare)))
    told = {
        name: harm(before, after)
        for (_, before), (name, after) in pairwise(seen)
        if name.startswith("pre_")
    }
    assert {name: each for name, each in told.items() if each} == {}


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE t ADD COLUMN b int NOT NULL",
        "ALTER TABLE t DROP COLUMN a",
        "ALTER TABLE t RENAME COLUMN a TO b",
        "ALTER TABLE t ALTER COLUMN a TYPE bigint",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN c DROP DEFAULT",
        "DROP TABLE t",
    ],
)
def test_what_takes_away_is_seen(bare, change):
    with psycopg.connect(bare) as conn:
        conn.execute("CREATE TABLE t (a int, c int NOT NULL DEFAULT 1)")
    before = columns(bare)
    with psycopg.connect(bare) as conn:
        conn.execute(change)
    assert harm(before, columns(bare)) != []


def planned(dsn: str) -> dict[str, bytes | None]:
    """{statement of the release before: why the server cannot plan it}. None: it can.

    Some need types that only the client knows: they are refused on their own tables, too.
    """
    with psycopg.connect(dsn, autocommit=True) as conn:
        return {
            name: conn.pgconn.prepare(b"", text.encode()).error_field(pq.DiagnosticField.SQLSTATE)
            for name, text in previous.statements()
        }


def test_every_statement_of_the_release_before_still_has_its_tables(bare):
    """Planned by the server on today's tables as on its own: what it names is there."""
    database.migrate(bare, previous.revision()[1])
    own = planned(bare)
    assert list(own.values()).count(None) > 100
    database.migrate(bare)
    today = planned(bare)
    assert {name: why for name, why in today.items() if why != own[name]} == {}


def test_a_statement_whose_column_is_gone_is_seen(dsn):
    with psycopg.connect(dsn, autocommit=True) as conn:
        text = previous.numbered("SELECT nowhere FROM checkout.receipt WHERE id = %(id)s")
        done = conn.pgconn.prepare(b"", text.encode())
        assert done.error_field(pq.DiagnosticField.SQLSTATE) == b"42703"


def test_beside_a_newer_release_that_only_added_this_one_goes_on(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("UPDATE tessera_schema SET version_num = 'pre_9001'")
    assert schema.behind(dsn) is None
    assert schema.upgrade(dsn) == []


def test_once_a_newer_release_took_something_away_this_one_does_not_serve(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("UPDATE tessera_schema SET version_num = 'pre_9002'")
        db.take_away(conn, "post_9001")
    problem = schema.behind(dsn)
    assert problem is not None and problem.code == "schema_newer"
    with pytest.raises(PostgresProblem) as refused:
        schema.upgrade(dsn)
    assert refused.value.code == "schema_newer"


def test_a_post_migration_is_announced_before_it_is_applied(bare, tmp_path, monkeypatch):
    """A kill between the two leaves a database that old releases refuse, never one they break."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text((Path(schema.migrations()) / "env.py").read_text())
    text = (
        "revision = {!r}\ndown_revision = {!r}\nbranch_labels = depends_on = None\n"
        "def upgrade():\n    {}\n"
    )
    (folder / "versions" / "a.py").write_text(text.format("pre_1", None, "pass"))
    (folder / "versions" / "b.py").write_text(text.format("post_2", "pre_1", "raise OSError"))
    monkeypatch.setattr(schema, "migrations", lambda: folder)
    assert schema.upgrade(bare, "pre") == ["pre_1"]
    with psycopg.connect(bare) as conn:
        assert db.taken_away(conn) is None
    with pytest.raises(OSError):
        schema.upgrade(bare)
    assert schema.applied(bare) == ("pre_1",)
    with psycopg.connect(bare) as conn:
        assert db.taken_away(conn) == "post_2"
