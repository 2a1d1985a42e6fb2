"""The tables' version: brought up to date by Alembic, checked before anybody serves."""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from itertools import takewhile
from pathlib import Path

import psycopg

from tessera.base import db
from tessera.base.problem import PostgresProblem

_WAIT_MS, _TRIES = 3_000, 20  # for a lock; how often it is begun again
_IN_THE_WAY = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
_SAID = re.compile(r"""^(revision|down_revision) = ["']?(\w+)["']?$""", re.MULTILINE)
_PLACES = ("../_migrations", "../../../migrations")  # in an installed wheel, in a checkout


def migrations() -> Path:
    """The folder of revisions. Errors: AssertionError when the package was built without it."""
    here = Path(__file__).parent
    found = [place for word in _PLACES if (place := (here / word).resolve()).is_dir()]
    assert found, "the revisions are shipped with the package"
    return found[0]


def upgrade(dsn: str, phase: str = "") -> list[str]:
    """Bring the tables up to date; what was applied, in order. Safe to repeat and to kill.

    phase   "pre" stops before the first post_ revision that is not applied yet; "" is all
    errors  PostgresProblem schema_newer if a newer Tessera has taken something away here; one that
            has only added is left alone
    """
    before = set(applied(dsn))
    order = revisions()
    if before - set(order):
        problem = _newer(dsn, before - set(order), order)
        if problem is not None:
            raise problem
        return []
    missing = order[_length(order, before) :]
    if phase == "pre":
        missing = list(takewhile(lambda name: name.startswith("pre_"), missing))
    posts = [name for name in missing if name.startswith("post_")]
    if posts:
        with psycopg.connect(dsn) as conn:
            db.take_away(conn, posts[-1])
    if missing:
        _apply(dsn, missing[-1])
    return missing


def _apply(dsn: str, last: str) -> None:
    """Every revision up to the last, each in its transaction.

    Beside open tills one may meet them in a ring, or make them all wait behind it for a lock that
    somebody keeps: it lets go after `_WAIT_MS`, and is tried again from where it was.
    """
    # Most processes find that nothing is missing: reading these takes as long as all the rest.
    import sqlalchemy
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations()))
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", poolclass=sqlalchemy.NullPool,
        creator=lambda: psycopg.connect(dsn, options=f"-c lock_timeout={_WAIT_MS}"),
    )  # fmt: skip
    for tried in range(_TRIES):
        try:
            with engine.connect() as link:
                config.attributes["connection"] = link
                command.upgrade(config, last)
                link.commit()
            return
        except sqlalchemy.exc.OperationalError as error:
            if not isinstance(error.orig, _IN_THE_WAY) or tried == _TRIES - 1:
                raise
            time.sleep(0.2 * (tried + 1))


def revisions() -> list[str]:
    """All revisions this release knows, from the first to the newest: each follows one other.

    errors  AssertionError where two follow the same one, or one is missing
    """
    after: dict[str, str] = {}
    files = list(migrations().glob("versions/*.py"))
    for file in files:
        said = dict(_SAID.findall(file.read_text(encoding="utf-8")))
        after[said["down_revision"]] = said["revision"]
    order: list[str] = []
    while (last := order[-1] if order else "None") in after:
        order.append(after[last])
    assert len(order) == len(files), "the revisions are one chain"
    return order


def _length(order: list[str], heads: Collection[str]) -> int:
    """How much of the chain these tables have."""
    return max((order.index(head) + 1 for head in heads), default=0)


def behind(dsn: str) -> PostgresProblem | None:
    """Why this version cannot serve these tables; None if it can.

    A newer release's pre_ revisions only add, so this one serves beside it, and may be started
    again, until a post_ revision that it does not know takes something away.
    """
    order = revisions()
    there = set(applied(dsn))
    if there - set(order):
        return _newer(dsn, there - set(order), order)
    # A later release may be rolling in: post_ revisions are applied once no old version is left.
    lacks = [name for name in order[_length(order, there) :] if name.startswith("pre_")]
    if lacks:
        return PostgresProblem(
            "schema_behind",
            field="TESSERA_DATABASE_URL",
            why=f"the tables lack {', '.join(lacks)}",
            cure="run `tessera db upgrade` (after a backup)",
        )
    return None


def _newer(dsn: str, unknown: set[str], known: Collection[str]) -> PostgresProblem | None:
    with psycopg.connect(dsn) as conn:
        taken = db.taken_away(conn)
    if taken is None or taken in known:
        return None
    return PostgresProblem(
        "schema_newer",
        field="TESSERA_DATABASE_URL",
        why=f"a newer Tessera has been here: {', '.join(sorted(unknown))}",
        cure="start that version, or restore the backup from before its upgrade",
    )


def applied(dsn: str) -> tuple[str, ...]:
    """The newest revisions that these tables have; none in an empty database."""
    with psycopg.connect(dsn) as conn:
        return db.applied(conn)
