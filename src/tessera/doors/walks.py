"""Walks of ladders: after one was made or became easier everybody is looked at, page by page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from uuid import UUID

from psycopg.errors import DeadlockDetected, SerializationFailure

from tessera.checkout.levels.flows import Ladders
from tessera.checkout.levels.walk import flows
from tessera.checkout.levels.walk.flows import Walked
from tessera.doors.pools import Conn
from tessera.doors.reviews import STEADY, Pace, review_due
from tessera.rules.core.tiers import Ladder
from tessera.tiers import db

_TRIES = 5


async def turn(conn: Conn, ladders: Ladders, today: date) -> None:
    """What is due: reviews, then walks."""
    await review_due(conn, ladders, today)
    await walk_due(conn, ladders, today)


async def walk_due(
    conn: Conn, ladders: Ladders, today: date, pace: Pace = STEADY,
    watch: Callable[[str, Walked], None] = lambda *_: None,
) -> dict[str, int]:  # fmt: skip
    """Bring up whoever has what a changed ladder asks for; stopped anywhere, the next call goes on.

    conn   commits page by page
    watch  is told the ladder and the page
    shape  {ladder: how many came up}, of those that had changed
    """
    done: dict[str, int] = {}
    known = await db.walks(conn)
    for code, ladder in (await _changed(conn, ladders)).items():
        terms, seen, after = flows.terms_of(ladder), known.get(code), flows.NOBODY
        if seen is None or seen.terms != terms:
            await db.begin_walk(conn, code, terms, after, datetime.now(UTC))
        else:
            after = seen.after
        await conn.commit()
        done[code] = 0
        while True:
            began = time.monotonic()
            page = await _page(conn, code, ladder, today, after)
            done[code] += page.risen
            watch(code, page)
            if page.after is None:
                break
            after = page.after
            await asyncio.sleep(pace.rest * (time.monotonic() - began))
    await conn.commit()
    return done


async def _page(conn: Conn, code: str, ladder: Ladder, today: date, after: UUID) -> Walked:
    """A page in its transaction; what was in its way is tried again."""
    for left in reversed(range(_TRIES)):
        now = datetime.now(UTC)
        try:
            page = await flows.rise_page(conn, code, ladder, today, now, after)
            ended_at = now if page.after is None else None
            await db.note_walk(conn, code, page.after, (page.looked, page.risen), ended_at)
            await conn.commit()
        except (SerializationFailure, DeadlockDetected):
            await conn.rollback()
            if not left:
                raise
        else:
            return page
    raise AssertionError("the last try returns or raises")


async def foresee(conn: Conn, ladders: Ladders, today: date) -> dict[str, int]:
    """{changed ladder: how many a walk would bring up}, written nowhere."""
    found: dict[str, int] = {}
    for code, ladder in (await _changed(conn, ladders)).items():
        after: UUID | None = flows.NOBODY
        found[code] = 0
        while after is not None:
            page = await flows.foresee_page(conn, code, ladder, today, after)
            found[code] += page.risen
            after = page.after
    return found


async def _changed(conn: Conn, ladders: Ladders) -> dict[str, Ladder]:
    """Those of which no walk has come to its end."""
    known = await db.walks(conn)
    return {
        code: ladder for code, ladder in ladders.items()
        if (seen := known.get(code)) is None or seen.ended_at is None
        or seen.terms != flows.terms_of(ladder)
    }  # fmt: skip
