"""What a process stands on: settings handed in by the composition root, a database that is safe."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg

from tessera.access.codes.wire import ways
from tessera.access.signing.core.words import Kind
from tessera.base import installation, postgres, schema
from tessera.base.problem import PostgresProblem
from tessera.doors import erasures, setup, uploads
from tessera.doors.crew import Crew
from tessera.doors.entrance import Entrance, entrance
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
    smtp_url, sms_url, mail_from  who sends codes, and from whom; "": they wait in files
    key_file       the installation's key; None: in the data directory
    strangers_per_s  calls a second that may come from one address without a key
    public_url     where browsers find this installation; one_factor: roles, commas between
    oidc_staff_url, oidc_members_url  identity providers; "": none
    seals_dir      where the heads of the books are written to; None: nowhere
    worker         whoever serves starts a worker of long tasks
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
    smtp_url: str = ""
    sms_url: str = ""
    mail_from: str = ""
    key_file: Path | None = None
    strangers_per_s: int = 20
    public_url: str = ""
    one_factor: str = ""
    oidc_staff_url: str = ""
    oidc_members_url: str = ""
    seals_dir: Path | None = None
    worker: bool = True


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
        settle(settings)
        sending = ways(
            settings.smtp_url, settings.sms_url, settings.mail_from, settings.data_dir / "outbox"
        )
        return House(
            Plan(
                self.dsn, settings.currency, reader, revive, settings.lanes, room, place, runs,
                sending, settings.strangers_per_s, entrance_of(settings),
                settings.data_dir / erasures.NAME, settings.seals_dir if runs else None,
                crew_of(settings) if runs and settings.worker else None,
                settings.data_dir / uploads.NAME, settings.data_dir / setup.NAME,
            )
        )  # fmt: skip

    def _room(self) -> int:
        """Bytes free on the disk of the embedded server."""
        return shutil.disk_usage(self.settings.data_dir).free

    async def _revive(self) -> None:
        """Start the embedded server again after it was killed."""
        await asyncio.to_thread(postgres.ensure, self.settings.data_dir)


def entrance_of(settings: Settings) -> Entrance:
    """How people come in. Errors: PostgresProblem setting_invalid."""
    providers: dict[Kind, str] = {
        "staff": settings.oidc_staff_url, "member": settings.oidc_members_url,
    }  # fmt: skip
    return entrance(settings.public_url, settings.one_factor, providers)


def crew_of(settings: Settings) -> Crew:
    """A worker over the same settings; they go to it by its standard input."""
    told = msgspec.json.encode(settings, enc_hook=str)
    return Crew(told, settings.data_dir / uploads.NAME)


def settings_from(told: bytes) -> Settings:
    """The settings that `crew_of` tells."""

    def path(kind: type, word: object) -> object:
        assert kind is Path, "all else is JSON"
        return Path(str(word))

    return msgspec.json.decode(told, type=Settings, dec_hook=path)


def settle(settings: Settings) -> None:
    """Say where this process finds the installation's key; it is read when it is needed."""
    installation.settle(settings.key_file or settings.data_dir / "installation.key")


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
    settle(settings)
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
