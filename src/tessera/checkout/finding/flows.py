"""Looking somebody up by whatever is typed, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.checkout.finding import db
from tessera.members import db as members_db
from tessera.members.finding import db as names_db
from tessera.members.finding.core import By, Meant
from tessera.members.merging.db import resolve_ids

_EXACT, _RECEIPTS, _NAMES = 0, 1, 2  # stages; each pattern of names is one more


class Hit(Struct, frozen=True):
    """Somebody who may be meant, and by what; `receipt_id` where it is a receipt.

    stage, key  where it stands in the list
    """

    member_id: UUID
    by: By
    stage: int
    key: str
    receipt_id: UUID | None = None


class Hits(Struct, frozen=True):
    """A page of them; `next` is the cursor of the following page, if there is one."""

    items: list[Hit]
    next: str | None = None


async def search(conn: db.Conn, what: Meant, word: str | None, limit: int) -> Hits | Refusal:
    """Whom a text may mean: what names one member first, then receipts, then names.

    errors  cursor_unknown: it is none of this list, or whoever it names is gone
    """
    place = _place(word, _NAMES + len(what.patterns))
    if isinstance(place, Refusal):
        return place
    first, key = place
    hits: list[Hit] = []
    for stage in range(first, _NAMES + len(what.patterns)):
        want = limit + 1 - len(hits)
        if want <= 0:
            break
        found = await _stage(conn, what, stage, key if stage == first else "", want)
        if isinstance(found, Refusal):
            return found
        hits += found
    more = hits[limit - 1] if len(hits) > limit else None
    return Hits(hits[:limit], None if more is None else cursor(str(more.stage), more.key))


async def _stage(
    conn: db.Conn, what: Meant, stage: int, key: str, most: int
) -> list[Hit] | Refusal:
    """Hits of one stage, after the one with that key."""
    if stage == _EXACT:
        found = await _exact(conn, what)
        return found[int(key) + 1 if key else 0 :][:most]
    last = UUID(key) if key else None
    if stage == _RECEIPTS:
        if not what.receipts:
            return []
        rows = await db.numbered(conn, what.receipts, last, most)
        return [Hit(member, "receipt", stage, str(id_), id_) for id_, member in rows]
    at = stage - _NAMES
    people = await names_db.named(conn, what.patterns[at], what.patterns[:at], last, most)
    if people is None:
        return _unknown()
    return [Hit(member, "name", stage, str(member)) for member in people]


async def _exact(conn: db.Conn, what: Meant) -> list[Hit]:
    """Whom an id or an identifier names; each member once."""
    named: list[tuple[UUID, By, UUID | None]] = []
    if what.id is not None:
        known = await resolve_ids(conn, [what.id])
        named += [(member, "id", None) for member in known.values()]
        receipt = await db.one(conn, what.id)
        named += [] if receipt is None else [(receipt[1], "receipt", receipt[0])]
    owners = await members_db.owners(await members_db.ask_owners(conn, what.identifiers))
    for each in what.identifiers:
        if each in owners:
            named.append((owners[each].member_id, each.kind, None))
    return _once(named)


def _once(named: Sequence[tuple[UUID, By, UUID | None]]) -> list[Hit]:
    first: dict[UUID, tuple[By, UUID | None]] = {}
    for member, by, receipt in named:
        first.setdefault(member, (by, receipt))
    return [
        Hit(member, by, _EXACT, str(at), receipt)
        for at, (member, (by, receipt)) in enumerate(first.items())
    ]


def _place(word: str | None, stages: int) -> tuple[int, str] | Refusal:
    """Stage and key after which the page begins. Errors: cursor_unknown."""
    if word is None:
        return _EXACT, ""
    parts = after(word, 2)
    if isinstance(parts, Refusal):
        return parts
    stage, key = parts
    whole = stage.isascii() and stage.isdecimal() and len(stage) <= 2 and int(stage) < stages
    if not whole or not _is_key(int(stage), key):
        return _unknown()
    return int(stage), key


def _is_key(stage: int, key: str) -> bool:
    if stage == _EXACT:
        return key.isascii() and key.isdecimal() and len(key) <= 2
    try:
        return len(key) == 36 and bool(str(UUID(key)))
    except ValueError:
        return False


def _unknown() -> Refusal:
    return Refusal(
        "cursor_unknown", "cursor", "this cursor was not given out by this list",
        "start again without a cursor, then follow `next`",
    )  # fmt: skip
