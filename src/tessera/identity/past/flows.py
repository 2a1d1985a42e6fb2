"""Everything that happened to a member and with the points: what each room tells, in one list."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.access.past import db as access_db
from tessera.base.past import Happened, begins, merged
from tessera.base.refusal import Refusal
from tessera.checkout.past import db as checkout_db
from tessera.identity.past import db
from tessera.ledger.joining import db as joining_db
from tessera.ledger.past import db as ledger_db
from tessera.members import db as members_db
from tessera.members.households import db as households_db
from tessera.members.past import db as people_db


class Past(Struct, frozen=True):
    """A page of it, newest first; `next` is the cursor of what is older, null at the end."""

    items: list[Happened]
    next: str | None


async def past(
    conn: db.Conn, member_id: UUID, word: str | None, limit: int, now: datetime, *, watches: bool
) -> Past | Refusal:
    """What happened to a member, under any number that he goes by, and on the account he is on now.

    watches  with who saw his data
    errors   member_unknown, cursor_unknown
    """
    before = begins(word, now, limit)
    if isinstance(before, Refusal):
        return before
    member = await members_db.read_member(conn, member_id)
    if member is None:
        return Refusal("member_unknown", "member_id", f"there is no member {member_id}",
                       "look the member up")  # fmt: skip
    ids = [number for _, number in await households_db.numbers(conn, [member.id])]
    accounts = await joining_db.with_below(conn, member.account_id)
    told = (
        await checkout_db.past(conn, accounts, before),
        await ledger_db.past(conn, accounts, before),
        await people_db.past(conn, ids, before),
        await access_db.past(conn, ids, before, watches=watches),
        await db.past(conn, ids, before),
    )
    return Past(*merged(told, limit))
