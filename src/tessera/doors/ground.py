"""What a process stands on: settings handed in by the composition root, a database that is safe."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tessera.base import postgres, schema
from tessera.base.problem import PostgresProblem
from tessera.doors.house import House, Plan
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; `tessera.app` reads it from the environment.

    data_dir       where all of Tessera's files lie
    database_url   a PostgreSQL of your own; None: the embedded one
    currency       of the starter program, ISO 4217
    mechanics_dir  a folder with mechanics of your own
    lanes          of the writer in each process: connections that write at the same time
    metrics_port   for Prometheus, of the first process; None: nobody is told
    """

    data_dir: Path
    database_url: str | None = None
    currency: str = "EUR"
    mechanics_dir: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8321
    lanes: int = 2
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """A database that runs and is safe to write to."""

    settings: Settings
    dsn: str
    bin_dir: Path | None

    def house(self, *, runs: bool = False) -> House:
        """A house on this ground, still closed.

        runs  it posts what time has done to points, as long as it stands
        """
        settings = self.settings
        revive = None if settings.database_url else self._revive
        reader = reader_of(settings)
        room = None if settings.database_url else self._room
        place = settings.data_dir / "incidents"
        return House(
            Plan(self.dsn, settings.currency, reader, revive, settings.lanes, room, place, runs)
        )

    def _room(self) -> int:
        """Bytes free on the disk of the embedded server."""
        return shutil.disk_usage(self.settings.data_dir).free

    async def _revive(self) -> None:
        """Start the embedded server again after it was killed."""
        await asyncio.to_thread(postgres.ensure, self.settings.data_dir)


def reader_of(settings: Settings) -> Reader:
    """The mechanics and conditions that programs may use; touches no database."""
    folder = settings.mechanics_dir
    own = [str(folder)] if folder else []
    return Reader(mechanics.shelf(own), conditions.shelf([f"{each}/conditions" for each in own]))


def ground(settings: Settings, *, migrate: bool = True) -> Ground:
    """Find or start the database, refuse it if it could lose what was acknowledged.

    migrate  an embedded database is brought up to date here; a server of yours only by
             `tessera db upgrade`, except while it is still empty
    errors   PostgresProblem with the cure
    """
    if settings.database_url:
        dsn, bin_dir = settings.database_url, None
    else:
        server = postgres.ensure(settings.data_dir)
        dsn, bin_dir = server.dsn, server.bin_dir
    try:
        with psycopg.connect(dsn, connect_timeout=5) as conn:
            unsafe = postgres.refuse_unsafe(postgres.durability(conn))
    except psycopg.OperationalError as error:
        raise PostgresProblem(
            "database_unreachable", field="TESSERA_DATABASE_URL", why=str(error).strip(),
            cure="check that the server runs and the address, user and password are right",
        ) from error  # fmt: skip
    if unsafe is not None:
        raise unsafe
    if migrate:
        if settings.database_url is None or not schema.applied(dsn):
            schema.upgrade(dsn)
        problem = schema.behind(dsn)
        if problem is not None:
            raise problem
    return Ground(settings, dsn, bin_dir)
