"""The composition root: the only reader of the environment."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tessera.base.problem import PostgresProblem
from tessera.doors import logs
from tessera.doors.cli.main import cli
from tessera.doors.ground import Settings, ground

if TYPE_CHECKING:
    from tessera.doors.site import Site


def settings() -> Settings:
    """What the environment says.

    TESSERA_DATA_DIR       everything on disk; default ~/.tessera
    TESSERA_DATABASE_URL   a PostgreSQL of your own instead of the embedded one
    TESSERA_CURRENCY       of the starter program; default EUR
    TESSERA_MECHANICS_DIR  a folder with mechanics of your own
    TESSERA_HOST, _PORT    where to listen; default 127.0.0.1:8321
    TESSERA_LANES          connections that write at the same time, per process; default 2
    TESSERA_METRICS_HOST, _PORT  where Prometheus may ask; default: nowhere
    TESSERA_SMTP_URL, TESSERA_SMS_URL, TESSERA_MAIL_FROM  who sends codes; default: files
    TESSERA_STRANGERS      calls a second from one address without a key; default 20
    TESSERA_KEY_FILE       the installation's key; default: in TESSERA_DATA_DIR
    TESSERA_PUBLIC_URL     where browsers find this installation; default: localhost and the port
    TESSERA_ONE_FACTOR     roles of staff that a password alone lets in; default: none
    TESSERA_OIDC_STAFF_URL, _MEMBERS_URL  identity providers; default: none
    TESSERA_SEALS_DIR      a folder elsewhere for the heads of the books; default: none
    TESSERA_WORKER         who does long tasks: `here` (the default) or `elsewhere`
    """
    told = os.environ.get
    own = told("TESSERA_MECHANICS_DIR")
    key_file, seals = told("TESSERA_KEY_FILE"), told("TESSERA_SEALS_DIR")
    return Settings(
        data_dir=Path(told("TESSERA_DATA_DIR") or Path.home() / ".tessera").absolute(),
        database_url=told("TESSERA_DATABASE_URL") or None,
        currency=_currency(told("TESSERA_CURRENCY", "EUR")),
        mechanics_dir=Path(own).absolute() if own else None,
        host=told("TESSERA_HOST", "127.0.0.1"),
        port=_port(told("TESSERA_PORT", "8321")),
        lanes=_lanes(told("TESSERA_LANES", "2")),
        metrics_host=told("TESSERA_METRICS_HOST", "127.0.0.1"),
        metrics_port=_metrics_port(told("TESSERA_METRICS_PORT", "")),
        smtp_url=told("TESSERA_SMTP_URL", ""),
        sms_url=told("TESSERA_SMS_URL", ""),
        mail_from=told("TESSERA_MAIL_FROM", ""),
        key_file=Path(key_file).absolute() if key_file else None,
        public_url=told("TESSERA_PUBLIC_URL", ""),
        one_factor=told("TESSERA_ONE_FACTOR", ""),
        oidc_staff_url=told("TESSERA_OIDC_STAFF_URL", ""),
        oidc_members_url=told("TESSERA_OIDC_MEMBERS_URL", ""),
        seals_dir=Path(seals).absolute() if seals else None,
        strangers_per_s=_strangers(told("TESSERA_STRANGERS", "20")),
        worker=_worker(told("TESSERA_WORKER") or "here"),
    )


def _currency(word: str) -> str:
    if len(word) == 3 and word.isascii() and word.isupper():
        return word
    raise PostgresProblem(
        "setting_invalid", "TESSERA_CURRENCY", f"{word} is no currency",
        "send an ISO 4217 code, such as EUR",
    )  # fmt: skip


def _port(word: str, name: str = "TESSERA_PORT") -> int:
    if word.isdecimal() and 0 < int(word) < 65536:
        return int(word)
    raise PostgresProblem("setting_invalid", name, f"{word} is no port", "name one from 1 to 65535")


def _metrics_port(word: str) -> int | None:
    return _port(word, "TESSERA_METRICS_PORT") if word else None


def _lanes(word: str) -> int:
    if word.isdecimal() and 0 < int(word) <= 16:
        return int(word)
    raise PostgresProblem(
        "setting_invalid", "TESSERA_LANES", f"{word} is no number of lanes", "name 1 to 16"
    )


def _strangers(word: str) -> int:
    if word.isdecimal() and 0 < int(word) <= 10_000:
        return int(word)
    raise PostgresProblem(
        "setting_invalid", "TESSERA_STRANGERS", f"{word} is no number of calls",
        "name 1 to 10000",
    )  # fmt: skip


def _worker(word: str) -> bool:
    if word in ("here", "elsewhere"):
        return word == "here"
    raise PostgresProblem(
        "setting_invalid", "TESSERA_WORKER", f"{word} is no place for the worker",
        "say here, or elsewhere and run `tessera tasks work` there",
    )  # fmt: skip


def _log() -> None:
    """TESSERA_LOG says how lines on stderr look: `json` (the default) or `text`."""
    form = os.environ.get("TESSERA_LOG") or "json"
    if form not in logs.FORMS:
        raise PostgresProblem(
            "setting_invalid", "TESSERA_LOG", f"{form} is no form of a log", "say json or text"
        )
    logs.configure(form)


def site(port: int) -> Site:
    """The ASGI application, for a process that `tessera serve --workers` starts on a port."""
    from tessera.doors.site import Site  # the pages and all: commands do without

    _log()
    return Site(ground(replace(settings(), port=port)))


def run() -> None:
    """The command `tessera`."""
    try:
        _log()
        cli(settings())
    except PostgresProblem as problem:  # of the settings or of the database: each has its cure
        sys.stderr.write(f"{problem}\n")
        sys.exit(2)
