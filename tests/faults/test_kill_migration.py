"""Fault 13: a migration is killed at every statement; the next run brings it to the end.

The server's process is killed from within, by an event trigger that counts the statements of the
migrations; the migrating process is killed at each message it sends.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest

from faults.drill import say
from support import database
from support.proxy import proxied
from tessera.base import backup, postgres, schema
from tessera.base.postgres import Settings

pytestmark = pytest.mark.faults
SEED, AT_ONCE = 20261123, 6
SMALL = Settings(shared_buffers_mb=16)
MIGRATE = "import sys; from tessera.base import schema; schema.upgrade(sys.argv[1])"
# Every statement that defines something passes here; the one whose number is asked for ends its
# own server process as `kill -9` does, and so, as PostgreSQL has it, all of the server.
TRIGGER = """
CREATE SEQUENCE public.statements;
CREATE FUNCTION public.strike() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('public.statements') = {at} THEN
        EXECUTE 'COPY (SELECT 1) TO PROGRAM ''kill -9 $PPID''';
    END IF;
END $$;
CREATE EVENT TRIGGER strike ON ddl_command_end EXECUTE FUNCTION public.strike();
"""
_names = count()


@dataclass
class Place:
    """A server that may be killed. shapes: {revision: what the tables are then}."""

    data_dir: Path
    dsn: str
    shapes: dict[tuple[str, ...], str]
    statements: int = 0

    def empty(self, at: int = 0) -> str:
        """A fresh database whose migration is struck at that statement."""
        name = f"bare_{next(_names)}"
        database.make(self.dsn, name)
        dsn = database.at(self.dsn, name)
        with psycopg.connect(dsn) as conn:
            conn.execute(TRIGGER.replace("{at}", str(at)))
        return dsn

    def judge(self, dsn: str) -> None:
        """Exactly a revision, nothing half; and from there to the end."""
        found = schema.applied(dsn)
        assert shape(dsn) == self.shapes[found], found
        schema.upgrade(dsn)
        assert shape(dsn) == self.shapes[schema.applied(dsn)]
        assert schema.behind(dsn) is None


def shape(dsn: str) -> str:
    """All definitions, as pg_dump tells them (its first and last lines are drawn by chance).

    Alembic's own table is the same in every revision but the empty one.
    """
    text = backup.tool(None, "pg_dump", dsn, ["--schema-only", "--exclude-table=tessera_schema"])
    lines = [line for line in text.splitlines() if "restrict" not in line]
    return "\n".join(line for line in lines if "nextval('public.statements') =" not in line)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data_dir = tmp_path_factory.mktemp("migrated") / "data"
    found = Place(data_dir, postgres.ensure(data_dir, settings=SMALL).dsn, {})
    try:
        dsn = found.empty()
        found.shapes[()] = shape(dsn)
        for revision in schema.revisions():
            database.migrate(dsn, revision)
            found.shapes[schema.applied(dsn)] = shape(dsn)
        with psycopg.connect(dsn) as conn:
            row = conn.execute("SELECT last_value FROM public.statements").fetchone()
            assert row is not None
            found.statements = row[0]
        yield found
    finally:
        postgres.stop(data_dir, settings=SMALL)


def some(numbers: int, request: pytest.FixtureRequest) -> list[int]:
    """All of 1..numbers in the long form, else a few drawn by the seed."""
    everything = range(1, numbers + 1)
    if request.config.getoption("--long"):
        return list(everything)
    return sorted(random.Random(SEED).sample(everything, AT_ONCE))


def test_a_server_killed_at_a_statement_of_a_migration_leaves_nothing_half(place, request):
    assert place.statements > 50
    chosen = some(place.statements, request)
    say(f"seed {SEED}: {place.statements} statements, killed at {chosen}")
    for at in chosen:
        dsn = place.empty(at)
        with pytest.raises(Exception, match=r"server closed|terminat|crash|lost"):
            schema.upgrade(dsn)
        until_back(place)
        with psycopg.connect(dsn) as conn:
            conn.execute("DROP EVENT TRIGGER strike")
            conn.execute("CREATE EVENT TRIGGER strike ON ddl_command_end"
                         " EXECUTE FUNCTION public.strike()")  # fmt: skip
            conn.execute("SELECT setval('public.statements', 1000000)")
        place.judge(dsn)


def until_back(place: Place) -> None:
    """It recovers by itself, or is started."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(psycopg.OperationalError, postgres.PostgresProblem):
            dsn = postgres.ensure(place.data_dir, settings=SMALL).dsn
            with psycopg.connect(dsn, autocommit=True) as conn:
                time.sleep(0.3)  # it may not have noticed yet: then it ends this one too
                conn.execute("SELECT 1")
            return
        time.sleep(0.05)
    raise AssertionError("the server did not come back")


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_migrating_process_killed_at_a_message_leaves_nothing_half(place, request, after):
    dsn = place.empty()
    with proxied(dsn) as proxy:
        proxy.arm(1 << 30)
        subprocess.run([sys.executable, "-c", MIGRATE, proxy.dsn], check=True)
        messages = proxy.count
    place.judge(dsn)
    chosen = some(messages, request)
    say(f"seed {SEED}: {messages} messages, killed {'after' if after else 'before'} {chosen}")
    for at in chosen:
        dsn = place.empty()
        with proxied(dsn) as proxy:
            process: list[subprocess.Popen[bytes]] = []
            proxy.arm(at, after=after, strike=lambda: process[0].kill())  # noqa: B023
            process.append(subprocess.Popen([sys.executable, "-c", MIGRATE, proxy.dsn]))
            process[0].wait(60)
            assert proxy.fired.is_set()
        undisturbed(dsn)
        place.judge(dsn)


def undisturbed(dsn: str) -> None:
    """What the dead process had begun is over on the server, too."""
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    end = time.monotonic() + 20
    with psycopg.connect(dsn, autocommit=True) as conn:
        while conn.execute(asked).fetchone() != (0,):
            assert time.monotonic() < end
            time.sleep(0.02)
