"""A code for a phone; whose code was scanned; a number for who has no card."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tessera.base import installation
from tessera.base.refusal import Refusal
from tessera.members import db as members_db
from tessera.members import flows as members
from tessera.members.core import card_number
from tessera.members.showing import core, db
from tessera.members.showing.core import Shown
from tessera.warehouse.core import Identifier

PHONE = "phone"  # the label of batches whose numbers are for phones
_TRIES = 100  # numbers of such a batch that somebody has already


def show(member_id: UUID, now: datetime) -> str:
    """What the member's phone shows now. Nothing is written."""
    return core.code(member_id, now, installation.here().mark)


def handle(member_id: UUID, key_id: UUID, now: datetime) -> str:
    """What a till that scanned a fresh code sends from now on."""
    return core.code(member_id, now, installation.here().mark, key_id)


def scanned(text: str, at: datetime, key_id: UUID) -> Shown | Refusal:
    """Whose code a caller sends, and whether it is fresh. Errors: code_unknown."""
    return core.read(text, at, installation.here().mark, key_id)


async def number_for(
    conn: db.Conn, member_id: UUID, now: datetime, *, anew: bool
) -> str | Refusal | None:
    """The member's newest card that works, or a fresh number of a batch for phones.

    anew    whether one is made where there is none; None: there is none, and it is not
    errors  no_numbers; those of `members.flows.add_identifier`
    """
    member = await members_db.read_member(conn, await members_db.lock_current(conn, member_id))
    if member is None:
        return Refusal("member_unknown", "", "you are no member any more", "join again")
    for held in reversed(member.identifiers):
        if held.identifier.kind == "card" and held.status == "active":
            return held.identifier.value
    if not anew:
        return None
    for _ in range(_TRIES):
        found = await db.take_number(conn, PHONE)
        if found is None:
            break
        number = card_number(*found)
        done = await members.add_identifier(conn, member.id, Identifier("card", number), now)
        if not isinstance(done, Refusal):
            return number
        if done.code not in ("identifier_taken", "merge_needed", "card_blocked", "card_replaced"):
            return done
    return Refusal(
        "no_numbers", "", "the shop has no card numbers for phones left",
        "the code of the phone works without a number; the shop issues numbers under `phone`",
    )  # fmt: skip
