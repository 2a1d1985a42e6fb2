"""Members of another program arrive, many at a time; or a rehearsal says what would become of them.

One batch is one transaction of the caller's. A batch that ends in a crash has written nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from psycopg.errors import SerializationFailure

from tessera.base.ids import new_id
from tessera.members import db as members_db
from tessera.members.carried import core, db
from tessera.members.carried.core import Arrival, Outcome, Settled
from tessera.members.likeness import flows as likeness
from tessera.warehouse.core import Identifier


async def arrive(conn: db.Conn, arrivals: Sequence[Arrival], source: str) -> list[Outcome]:
    """Make members of these, or add to those that are here.

    source  the other program's name
    shape   one outcome for each, in their order
    errors  see `core.settle`; SerializationFailure if somebody else took an identifier meanwhile:
            do it again
    """
    asked = _asked(arrivals)
    seen = await db.owners(conn, asked)
    if seen:  # held still, then looked at again: the answer stays true
        await members_db.lock_members(conn, list({each.member_id for each in seen.values()}))
        seen = await db.owners(conn, asked)
    people = await db.people(conn, {each.member_id for each in seen.values()})
    settled = core.settle(arrivals, seen, people, new_id)
    if not await db.write(conn, settled, source):
        raise SerializationFailure("somebody else took one of these identifiers")
    if settled.places:
        await likeness.note(conn, list(settled.places))
    return settled.outcomes


async def rehearse(conn: db.Conn, arrivals: Sequence[Arrival], source: str) -> list[Outcome]:
    """What would become of arrivals after those that this connection has rehearsed before.

    Nothing is written but to temporary tables (`db.begin_rehearsal`).
    """
    seen = await db.owners(conn, _asked(arrivals), tried=True)
    people = await db.people(conn, {each.member_id for each in seen.values()}, tried=True)
    settled: Settled = core.settle(arrivals, seen, people, new_id)
    await db.write(conn, settled, source, tried=True)
    return settled.outcomes


def _asked(arrivals: Sequence[Arrival]) -> list[Identifier]:
    names = {named.identifier for each in arrivals for named in each.all_names()}
    return sorted(names, key=lambda one: (one.kind, one.value))
