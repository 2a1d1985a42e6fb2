"""What the house says of a donation by itself: the event that the program's rules may reward."""

from __future__ import annotations

from uuid import UUID

from tessera.doors.call import Call
from tessera.ledger.core import MAIN
from tessera.ledger.giving.db import Row
from tessera.members.joining import db
from tessera.members.joining.core import Posting
from tessera.members.nicknames import db as nicknames_db
from tessera.rules.core.facts import Value
from tessera.rules.core.words import Program


async def owe_event(call: Call, row: Row, member_id: UUID | None) -> None:
    """Write the event of a donation beside it, to be posted as what joining owes is: once.

    member_id  who gave; None: whoever is behind the account
    """
    assert call.house is not None, "the door is a house's"
    program = call.house.shop().program
    way = program.ways.transfers.donate
    if way is None or way.event not in program.events:
        return
    if member_id is None:
        face = (await nicknames_db.faces(call.conn, [row.account_id])).get(row.account_id)
        member_id = face.member if face is not None else None
    if member_id is not None:
        said = _told(program, row)
        data = {name: said[name] for name in program.events[way.event].fields if name in said}
        number = f"donation:{row.id}"
        await db.owe(call.conn, Posting(number, member_id, way.event, data, call.now))


def _told(program: Program, row: Row) -> dict[str, Value]:
    """What it can say. Of points in another currency nobody knows what they are worth."""
    said: dict[str, Value] = {"points": row.points, "cause": row.cause}
    if row.currency == MAIN:
        said["minor"] = row.points * program.point_minor_x100 // 100
    return said
