"""The sweeper of postings: what joining owes is settled by the writer, each exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import structlog

from tessera.access.core import Principal, token_hash
from tessera.checkout.core import Event, Job
from tessera.doors.pools import Conn, Pool
from tessera.doors.problems import Problem, Reply
from tessera.doors.writer import Writer
from tessera.members import db as members_db
from tessera.members.joining import db
from tessera.members.joining.core import Posting

log = structlog.get_logger("tessera.postings")
AT_ONCE = 100
SOURCE = "tessera"  # of events that the house itself posts
HOUSE = Principal(UUID(int=1), "key", "the house", "integrator", None, 0)
_LATER = {429, 503}  # nothing was done: it is tried again at the next turn
_IN_FLIGHT = "key_in_flight"


class Postings:
    """One process's part. Several may hand over the same one: its key and number are unique."""

    def __init__(self, pool: Pool, writer: Callable[[], Writer]) -> None:
        self._pool, self._writer = pool, writer

    async def turn(self) -> None:
        """Hand over what is owed; whatever is refused for good is told and not tried again."""
        now = datetime.now(UTC)
        async with self._pool.connection() as conn:
            await db.forget(conn, now)
            owed = await db.owed(conn, AT_ONCE)
            events = [await _event(conn, each) for each in owed]
        if not owed:
            return
        replies = await asyncio.gather(
            *(self._post(each, event, now) for each, event in zip(owed, events, strict=True))
        )
        async with self._pool.connection() as conn:
            for each, refused in zip(owed, replies, strict=True):
                if refused is not None:
                    await db.settled(conn, each.number, now, refused)

    async def _post(self, posting: Posting, event: Event | None, now: datetime) -> str | None:
        """ "" if it is posted, a code if it never can be, None if it is to be tried again."""
        if event is None:  # erased, or merged away with all that named the member
            return "member_unknown"
        mark = token_hash(posting.number)
        job = Job(HOUSE, "event.post", posting.number, event, mark, now)
        reply = await self._writer().submit(job)
        if reply.status < 300:
            return ""
        return _refused(reply, posting)


def _refused(reply: Reply, posting: Posting) -> str | None:
    code = msgspec.json.decode(reply.body, type=Problem).code
    if reply.status in _LATER or code == _IN_FLIGHT:
        return None
    if code == "event_known":
        return ""
    log.warning("posting_refused", number=posting.number, type=posting.type, code=code)
    return code


async def _event(conn: Conn, posting: Posting) -> Event | None:
    """The event, of whatever names the member now; None if nothing does."""
    member = await members_db.read_member(conn, posting.member_id)
    names = [each.identifier for each in member.identifiers if each.status == "active"] if (
        member is not None
    ) else []  # fmt: skip
    if not names:
        return None
    return Event(
        type=posting.type, id=posting.number, happened_at=posting.happened_at, source=SOURCE,
        identifier=names[0], data=posting.data,
    )  # fmt: skip
