"""What a process stands on: settings handed in by the composition root, a database that is safe."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tessera.base import installation, postgres, schema
from tessera.base.problem import PostgresProblem

if TYPE_CHECKING:
    from tessera.doors.house import House


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
        from tessera.doors import raising  # all of the house: most commands do without

        return raising.house(self, runs=runs)


def settle(settings: Settings) -> None:
    """Say where this process finds the installation's key; it is read when it is needed."""
    installation.settle(settings.key_file or settings.data_dir / "installation.key")


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
