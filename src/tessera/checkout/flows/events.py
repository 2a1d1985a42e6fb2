"""Events told afterwards: an account's list, and the answer of a call whose bytes were dropped."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.paging import following, last_seen
from tessera.checkout.core.words import Answer, EventPage, EventRow, EventTold
from tessera.checkout.events import db as events_db
from tessera.ledger.joining import db as joining_db
from tessera.rules.core.telling import tell_effects, tell_silent
from tessera.rules.core.tongues import ENGLISH, Tongue


async def history(
    conn: db.Conn,
    account_id: UUID,
    word: str | None,
    limit: int,
    currency: str,
    tongue: Tongue = ENGLISH,
) -> EventPage | Refusal:
    """An account's events for staff, newest first, page by page."""
    last = last_seen(word)
    if isinstance(last, Refusal):
        return last
    accounts = await joining_db.with_below(conn, account_id)
    rows = await events_db.page(conn, accounts, last, limit + 1)
    told = [tell(row, currency, staff=True, tongue=tongue) for row in rows[:limit]]
    return EventPage(tuple(told), following(rows, limit))


def tell(row: EventRow, currency: str, *, staff: bool, tongue: Tongue = ENGLISH) -> EventTold:
    """An event as it is told; hidden rules only for `staff`."""
    kept = db.KEPT.decode(row.story)
    return EventTold(
        id=row.id, source=row.source, number=row.number, type=row.type, store=row.store_id,
        happened_at=row.happened_at, local_at=row.local_at, posted_at=row.posted_at,
        points_earned=row.points_earned, program_version=row.program_version,
        data=kept.facts.data,
        effects=tell_effects(kept.story.effects, currency, staff=staff, tongue=tongue),
        silent=tell_silent(kept.story.silent, currency, staff=staff, tongue=tongue),
    )  # fmt: skip


async def retell(conn: db.Conn, event_id: UUID, currency: str) -> bytes:
    """What was answered to an event, from its stored effects, marked so."""
    row = await events_db.one(conn, event_id)
    assert row is not None, "a call that was done has left its event"
    story = db.KEPT.decode(row.story).story
    answer = Answer(
        id=row.id, kind="event", number=row.number, program_version=row.program_version,
        points_earned=row.points_earned,
        effects=tell_effects(story.effects, currency, staff=False),
        silent=tell_silent(story.silent, currency, staff=False), retold=True,
    )  # fmt: skip
    return msgspec.json.encode(answer)
