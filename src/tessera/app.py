"""The composition root: the only reader of the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import structlog

from tessera.base.problem import PostgresProblem
from tessera.doors.cli.main import cli
from tessera.doors.ground import Settings, ground
from tessera.doors.site import Site


def settings() -> Settings:
    """What the environment says.

    TESSERA_DATA_DIR       everything on disk; default ~/.tessera
    TESSERA_DATABASE_URL   a PostgreSQL of your own instead of the embedded one
    TESSERA_CURRENCY       of the starter program; default EUR
    TESSERA_MECHANICS_DIR  a folder with mechanics of your own
    TESSERA_HOST, _PORT    where to listen; default 127.0.0.1:8321
    TESSERA_LANES          connections that write at the same time, per process; default 2
    """
    told = os.environ.get
    own = told("TESSERA_MECHANICS_DIR")
    return Settings(
        data_dir=Path(told("TESSERA_DATA_DIR") or Path.home() / ".tessera").absolute(),
        database_url=told("TESSERA_DATABASE_URL") or None,
        currency=_currency(told("TESSERA_CURRENCY", "EUR")),
        mechanics_dir=Path(own).absolute() if own else None,
        host=told("TESSERA_HOST", "127.0.0.1"),
        port=_port(told("TESSERA_PORT", "8321")),
        lanes=_lanes(told("TESSERA_LANES", "2")),
    )


def _currency(word: str) -> str:
    if len(word) == 3 and word.isascii() and word.isupper():
        return word
    raise PostgresProblem(
        "setting_invalid", "TESSERA_CURRENCY", f"{word} is no currency",
        "send an ISO 4217 code, such as EUR",
    )  # fmt: skip


def _port(word: str) -> int:
    if word.isdecimal() and 0 < int(word) < 65536:
        return int(word)
    raise PostgresProblem(
        "setting_invalid", "TESSERA_PORT", f"{word} is no port", "name one from 1 to 65535"
    )


def _lanes(word: str) -> int:
    if word.isdecimal() and 0 < int(word) <= 16:
        return int(word)
    raise PostgresProblem(
        "setting_invalid", "TESSERA_LANES", f"{word} is no number of lanes", "name 1 to 16"
    )


def _log_plainly() -> None:
    """JSON lines on stderr; traces without the values of variables, which may be anybody's."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )


def site() -> Site:
    """The ASGI application, for a process that `tessera serve --workers` starts."""
    _log_plainly()
    return Site(ground(settings()))


def run() -> None:
    """The command `tessera`."""
    _log_plainly()
    try:
        cli(settings())
    except PostgresProblem as problem:  # of the settings or of the database: each has its cure
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)
