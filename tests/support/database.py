"""Databases for tests: made by copying a migrated one, in some 50 ms each."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import AsyncConnection, sql
from psycopg.conninfo import make_conninfo

T = TypeVar("T")
Conn = AsyncConnection[tuple[Any, ...]]
MIGRATIONS = Path(__file__).parents[2] / "migrations"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run what a test awaits."""
    return asyncio.run(work)


async def connect(dsn: str) -> Conn:
    """A connection as the application has it: nothing is kept until commit."""
    return await AsyncConnection.connect(dsn)


@contextmanager
def server(place: Path) -> Iterator[str]:
    """The given server, or an embedded one that ends with the tests."""
    given = os.environ.get("TESSERA_TEST_DATABASE_URL")
    if given:
        yield given
        return
    from tessera.base import postgres  # not needed where a server is given

    data_dir = place / "data"
    try:
        yield postgres.ensure(data_dir).dsn
    finally:
        postgres.stop(data_dir)


def at(dsn: str, dbname: str) -> str:
    """The same server, another database."""
    return make_conninfo(dsn, dbname=dbname)


def make(dsn: str, name: str, template: str = "template0") -> None:
    """A database, as a copy of `template`."""
    _do(dsn, "CREATE DATABASE {} TEMPLATE {} STRATEGY WAL_LOG", name, template)


def drop(dsn: str, name: str) -> None:
    """Away with a database, whoever is still connected."""
    _do(dsn, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def migrate(dsn: str, revision: str = "heads") -> None:
    """The migrations up to a revision, as Alembic runs them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn), poolclass=sqlalchemy.NullPool
    )
    with engine.connect() as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, revision)
        conn.commit()


def _do(dsn: str, text: Any, *names: str) -> None:
    with psycopg.connect(at(dsn, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL(text).format(*map(sql.Identifier, names)))
