"""The tables' version: brought up to date by Alembic, checked before anybody serves."""

from __future__ import annotations

import time
from itertools import takewhile
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from tessera.base import db
from tessera.base.problem import PostgresProblem

_WAIT_MS, _TRIES = 3_000, 20  # for a lock; how often it is begun again
_IN_THE_WAY = (psycopg.errors.DeadlockDetected, psycopg.errors.LockNotAvailable)
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
    config = Config()
    config.set_main_option("script_location", str(migrations()))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    if before - known:
        problem = _newer(dsn, before - known, known)
        if problem is not None:
            raise problem
        return []
    order = revisions()
    there = _ancestors(script, before)
    missing = [name for name in order if name not in there]
    if phase == "pre":
        missing = list(takewhile(lambda name: name.startswith("pre_"), missing))
    posts = [name for name in missing if name.startswith("post_")]
    if posts:
        with psycopg.connect(dsn) as conn:
            db.take_away(conn, posts[-1])
    if missing:
        _apply(dsn, config, missing[-1])
    return missing


def _apply(dsn: str, config: Config, last: str) -> None:
    """Every revision up to the last, each in its transaction.

    Beside open tills one may meet them in a ring, or make them all wait behind it for a lock that
    somebody keeps: it lets go after `_WAIT_MS`, and is tried again from where it was.
    """
    for tried in range(_TRIES):
        try:
            with _engine(dsn, f"-c lock_timeout={_WAIT_MS}").connect() as link:
                config.attributes["connection"] = link
                command.upgrade(config, last)
                link.commit()
            return
        except sqlalchemy.exc.OperationalError as error:
            if not isinstance(error.orig, _IN_THE_WAY) or tried == _TRIES - 1:
                raise
            time.sleep(0.2 * (tried + 1))


def revisions() -> list[str]:
    """All revisions this release knows, from the first to the newest."""
    script = ScriptDirectory(str(migrations()))
    return [revision.revision for revision in script.walk_revisions()][::-1]


def behind(dsn: str) -> PostgresProblem | None:
    """Why this version cannot serve these tables; None if it can.

    A newer release's pre_ revisions only add, so this one serves beside it, and may be started
    again, until a post_ revision that it does not know takes something away.
    """
    script = ScriptDirectory(str(migrations()))
    known = {revision.revision for revision in script.walk_revisions()}
    there = set(applied(dsn))
    if there - known:
        return _newer(dsn, there - known, known)
    # A later release may be rolling in: post_ revisions are applied once no old version is left.
    needed = {name for name in known if name.startswith("pre_")}
    if needed - _ancestors(script, there):
        return PostgresProblem(
            "schema_behind",
            field="TESSERA_DATABASE_URL",
            why=f"the tables lack {', '.join(sorted(needed - _ancestors(script, there)))}",
            cure="run `tessera db upgrade` (after a backup)",
        )
    return None


def _newer(dsn: str, unknown: set[str], known: set[str]) -> PostgresProblem | None:
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


def _engine(dsn: str, options: str = "") -> sqlalchemy.Engine:
    more = {"options": options} if options else {}
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: psycopg.connect(dsn, **more),  # type: ignore[arg-type]
        poolclass=sqlalchemy.NullPool,
    )  # fmt: skip


def applied(dsn: str) -> tuple[str, ...]:
    """The newest revisions that these tables have; none in an empty database."""
    with _engine(dsn).connect() as conn:
        context = MigrationContext.configure(
            conn, opts={"version_table": "tessera_schema", "version_table_schema": "public"}
        )
        return tuple(context.get_current_heads())


def _ancestors(script: ScriptDirectory, heads: set[str] | tuple[str, ...]) -> set[str]:
    found: set[str] = set()
    for head in heads:
        found |= {revision.revision for revision in script.iterate_revisions(head, "base")}
    return found
