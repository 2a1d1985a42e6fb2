"""Consents of many members are carried over, or a rehearsal says what would become of them."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.members import db as members_db
from tessera.members.carried.consents import core, db
from tessera.members.carried.consents.core import Agreed, Outcome
from tessera.members.consents.core import CONTACTS, Consents


async def say(
    conn: db.Conn, said: Sequence[Agreed], declared: Consents, *, proved: bool, tried: bool = False
) -> list[Outcome]:
    """Write down what was said there and nothing here overtook.

    proved  the other program had proved phones and addresses: double opt-in is done
    tried   a rehearsal: only temporary tables are written to (`db.begin_rehearsal`)
    shape   one outcome for each, in their order
    """
    members = sorted({each.member_id for each in said})
    if not tried:
        await members_db.lock_members(conn, members)
    last = await db.last(conn, {each.pair for each in said}, tried=tried)
    kinds = set(CONTACTS.values())
    contacts = {id_: list(kinds) for id_ in members} if proved else await db.proved(conn, members)
    outcomes, lines = core.settle(said, last, contacts, declared)
    await db.add(conn, lines, tried=tried)
    return outcomes
