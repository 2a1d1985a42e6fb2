"""An identifier is taken off a member, with everything that it opened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tessera.access.codes import flows as codes
from tessera.access.signing import db as signing_db
from tessera.access.signing.begun import db as begun
from tessera.base import installation
from tessera.base.refusal import Refusal
from tessera.members import db
from tessera.members import flows as members
from tessera.members.consents import core as consents
from tessera.members.consents import db as consents_db
from tessera.members.consents.core import Consents, Line
from tessera.members.core import Held, Member
from tessera.members.joining import db as joining_db
from tessera.members.joining import flows as joining
from tessera.members.likeness import flows as likeness
from tessera.members.removing import core
from tessera.members.removing.core import Asking, Taken
from tessera.warehouse.core import Identifier


def id_of(member_id: UUID, identifier: Identifier) -> UUID:
    """By which an identifier of a member is named without its value; elsewhere it means nothing."""
    words = (str(member_id), identifier.kind, identifier.value)
    return UUID(bytes=installation.here().mark("identifier", *words)[:16], version=5)


async def take_off(
    conn: db.Conn, member_id: UUID, identifier_id: UUID, asking: Asking, now: datetime
) -> Taken | Refusal:
    """An identifier names its member no more, and is free for whoever it really names.

    errors  member_unknown, member_erased, identifier_unknown, card_stays; of one's own also
            identifier_fixed, last_way
    """
    member = await db.read_member(conn, await db.lock_current(conn, member_id))
    if member is None:
        return Refusal("member_unknown", "member_id", f"there is no member {member_id}",
                       "look the member up")  # fmt: skip
    if member.erased_at is not None:
        return members.erased()
    held = _held(member, identifier_id)
    if held is None:
        return core.unknown()
    others = [each for each in member.identifiers if each is not held]
    keys = await _keys_left(conn, member.id, held) if asking.own else 0
    refusal = core.stays(held, others, own=asking.own, passkeys=keys)
    if refusal is not None:
        return refusal
    await db.drop_identifiers(conn, [held.identifier], member.id)
    if held.identifier.kind in core.CONTACTS:
        await _close(conn, member.id, held)
        lines = await unreached(conn, member.id, asking.declared, [held.identifier.kind])
        await consents_db.add(conn, member.id, lines, asking.by)
        left = [each.identifier for each in others if each.identifier.kind in core.CONTACTS]
        # Who took it off by mistake, or was let in by it, learns of it; a stranger whose number
        # staff had mistyped learns nothing.
        told = [held.identifier, *left] if asking.own else left
        await joining.tell(conn, member.id, told, "removed", now)
    await likeness.note(conn, [member.id])
    return Taken(member.id, held.identifier)


async def unreached(
    conn: db.Conn, member_id: UUID, declared: Consents, kinds: Sequence[str] = core.CONTACTS
) -> list[Line]:  # fmt: skip
    """What ends: each yes of the member's that no contact of these kinds is left for."""
    said, lines = await consents_db.current(conn, member_id), list[Line]()
    contacts = await joining_db.contacts(conn, member_id)
    for kind in kinds:
        left = [each for each in contacts if each.identifier.kind == kind]
        proved = any(each.verified_at is not None for each in left)
        lines += consents.unreached(declared, said, kind, left=bool(left), proved=proved)
    return lines


def _held(member: Member, identifier_id: UUID) -> Held | None:
    ids = {id_of(member.id, each.identifier): each for each in member.identifiers}
    return ids.get(identifier_id)


async def _keys_left(conn: db.Conn, member_id: UUID, held: Held) -> int:
    """How many devices let the member in still, once this is gone with those that go with it."""
    mark = _mark(held)
    return sum(
        key.contact != mark and (key.contact is not None or key.created_at < held.since)
        for key in await begun.list_passkeys(conn, member_id)
    )


def _mark(held: Held) -> bytes | None:
    kind, value = held.identifier.kind, held.identifier.value
    return codes.destination(kind, value) if kind in ("phone", "email") else None


async def _close(conn: db.Conn, member_id: UUID, held: Held) -> None:
    """Whoever it let in is out: codes on their way, sessions, and devices that were added there."""
    mark = _mark(held)
    assert mark is not None, "codes go to these"
    await codes.end(conn, mark, member_id)
    # Devices before sessions, or one lets in meanwhile; and after them, or one is added meanwhile.
    await begun.drop_passkeys_by(conn, member_id, mark, held.since)
    await signing_db.end_sessions_by(conn, member_id, mark)
    await begun.drop_passkeys_by(conn, member_id, mark, held.since)
