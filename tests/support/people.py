"""A small shop of members and cards, for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from support.database import connect
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.members import core, db, flows
from tessera.members.core import NewMember, Registered
from tessera.warehouse.core import Identifier

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PHONE = Identifier("phone", "+393331234567")
EMAIL = Identifier("email", "anna@example.org")


def card(serial: int) -> Identifier:
    return Identifier("card", core.card_number("2900", serial))


async def opened(dsn):
    """A connection to a shop that issued a hundred cards."""
    conn = await connect(dsn)
    await flows.issue_cards(conn, new_id(), "2900", 100, "first", NOW)
    await conn.commit()
    return conn


async def joins(conn, *identifiers: Identifier) -> Registered | Refusal:
    new = NewMember(identifiers, "Anna", "Rossi", date(1984, 2, 29), "it")
    return await flows.register(conn, new, NOW, new_id(), new_id())


async def seen(conn, *identifiers: Identifier) -> dict[Identifier, core.Owner]:
    return await db.add_shadows(conn, [(each, new_id(), new_id()) for each in identifiers], NOW)


async def owner(conn, identifier: Identifier) -> core.Owner | None:
    return (await db.owners(await db.ask_owners(conn, [identifier]))).get(identifier)


async def counts(conn) -> tuple[int, int, int]:
    """Members, persons, identifiers."""
    cursor = await conn.execute(
        "SELECT (SELECT count(*) FROM members.member), (SELECT count(*) FROM members.person),"
        " (SELECT count(*) FROM members.identifier)"
    )
    return (await cursor.fetchone()) or (0, 0, 0)


async def orphans(conn) -> int:
    cursor = await conn.execute(
        "SELECT count(*) FROM members.member AS m"
        " WHERE NOT EXISTS (SELECT FROM members.identifier AS i WHERE i.member_id = m.id)"
    )
    return ((await cursor.fetchone()) or (0,))[0]


def code(answer: object) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.code
