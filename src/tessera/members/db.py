"""People, identifiers and batches of cards, remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace
from psycopg import AsyncConnection, AsyncCursor
from psycopg.types.json import Jsonb

from tessera.base.columns import Texts, Uuids
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask
from tessera.members.core import (
    CardBatch,
    Change,
    Held,
    Member,
    MemberCard,
    NewMember,
    Owner,
    Profile,
    Status,
)
from tessera.members.merging.db import resolve_ids as resolve_ids
from tessera.warehouse.core import Identifier

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
Cursor = AsyncCursor[tuple[Any, ...]]


# The till's way --------------------------------------------------------------------------------


async def ask_owners(conn: Conn, identifiers: Sequence[Identifier]) -> Rows:
    """Ask whose these are, in normal form; `owners` reads the answer."""
    return await ask(conn, SQL["owners"], _columns(identifiers))


async def owners(rows: Rows) -> dict[Identifier, Owner]:
    """Who owns what was asked; unknown identifiers are not in it."""
    return {
        Identifier(kind, value): Owner(member, account, status, registered, tuple(favourites))
        for kind, value, member, account, status, registered, favourites in await rows.fetchall()
    }


async def ask_people(conn: Conn, members: Sequence[UUID]) -> Rows:
    """Ask what is known of these members; `people` reads the answer."""
    return await ask(conn, SQL["people"], (Uuids(members),))


async def people(rows: Rows) -> dict[UUID, Profile]:
    """{member: what is known of the person}; who is no member yet is not in it."""
    return {row[0]: Profile(*row[1:]) for row in await rows.fetchall()}


async def add_identifiers(
    conn: Conn, new: Sequence[tuple[Identifier, UUID, UUID]], now: datetime
) -> dict[Identifier, UUID]:
    """Give identifiers to members, who are made if they are not there; the rest had an owner.

    shape   (identifier, member, account); the result holds those added now, and for which member
    """
    identifiers = [identifier for identifier, _, _ in new]
    members = [member for _, member, _ in new]
    accounts = [account for _, _, account in new]
    values = (*_columns(identifiers), members, accounts, now, now)
    cursor = await conn.execute(SQL["add_identifiers"], values, binary=True)
    return {Identifier(kind, value): member for kind, value, member in await cursor.fetchall()}


async def add_shadows(
    conn: Conn, new: Sequence[tuple[Identifier, UUID, UUID]], now: datetime
) -> dict[Identifier, Owner]:
    """A shadow member and an account for each card seen for the first time.

    shape   (identifier, member, account), the ids made by the caller; the result says who owns each
            of them now, which is somebody else where another transaction was first
    """
    added = await add_identifiers(conn, new, now)
    found = {
        identifier: Owner(member, account, "active", False)
        for identifier, member, account in new
        if added.get(identifier) == member  # one card named twice has one of two members
    }
    others = [identifier for identifier, _, _ in new if identifier not in found]
    if others:  # a statement of its own, so that it sees what the other one committed
        found |= await owners(await ask_owners(conn, others))
    return found


async def batches(conn: Conn) -> list[CardBatch]:
    """Every batch of cards."""
    return [CardBatch(*row) async for row in await conn.execute(SQL["batches"])]


# One member ------------------------------------------------------------------------------------


async def find(conn: Conn, identifier: Identifier) -> MemberCard | None:
    """The member named by an identifier in normal form; None if nobody is."""
    asked = {"kind": identifier.kind, "value": identifier.value}
    row = await (await conn.execute(SQL["find"], asked)).fetchone()
    return None if row is None else MemberCard(identifier, Owner(*row[:4]), *row[4:])


async def account_registered(conn: Conn, account_id: UUID) -> bool | None:
    """Whether somebody who has this account is registered; None if nobody has it."""
    rows = await conn.execute(SQL["account_registered"], {"account": account_id})
    row = await rows.fetchone()
    return None if row is None else bool(row[0])


async def read_member(conn: Conn, member_id: UUID) -> Member | None:
    """One member with all identifiers, or None."""
    cursor = await conn.execute(SQL["read_member"], {"id": member_id})
    found = await _members(conn, cursor)
    return found[0] if found else None


async def list_members(conn: Conn, after: UUID | None, limit: int) -> list[Member]:
    """Members first seen after the one named, oldest first, at most `limit`."""
    asked = {"after": after or UUID(int=0), "page": limit}
    return await _members(conn, await conn.execute(SQL["list_members"], asked))


async def some_members(conn: Conn, ids: Sequence[UUID]) -> dict[UUID, Member]:
    """{id: the member, or the one whom that member was merged into}; nobody's ids are left out."""
    now = await resolve_ids(conn, ids)
    found = await _members(conn, await conn.execute(SQL["some_members"], (list(now.values()),)))
    known = {each.id: each for each in found}
    return {id_: known[now[id_]] for id_ in ids if id_ in now}


async def lock_members(conn: Conn, members: Sequence[UUID]) -> None:
    """Hold members still until the transaction ends. Read after it."""
    await conn.execute(SQL["lock_members"], (list(members),))


async def lock_current(conn: Conn, member_id: UUID) -> UUID:
    """Hold still the member to whom an id leads; an unknown one stays as it is. Read after it."""
    while True:  # until nobody has merged it while it was waited for: each time one id further
        current = (await resolve_ids(conn, [member_id])).get(member_id, member_id)
        await lock_members(conn, [current])
        member_id = (await resolve_ids(conn, [current])).get(current, current)
        if member_id == current:
            return current


async def drop_identifiers(conn: Conn, identifiers: Sequence[Identifier], member: UUID) -> None:
    """Take back identifiers added in this transaction."""
    await conn.execute(SQL["drop_identifiers"], (*_columns(identifiers), member))


async def drop_member(conn: Conn, member: UUID) -> None:
    """Take back a member added in this transaction; one without identifiers."""
    await conn.execute(SQL["drop_member"], {"id": member})


async def set_registered(conn: Conn, member: UUID, new: NewMember, now: datetime) -> None:
    """Write down who an unregistered member is. Errors: AssertionError if registered already."""
    values: Mapping[str, Any] = {
        "id": member,
        "now": now,
        "language": new.language,
        "given_name": new.given_name,
        "family_name": new.family_name,
        "born_on": new.born_on,
        "attributes": Jsonb(new.attributes),
        "favourites": list(new.favourites),
    }
    row = await (await conn.execute(SQL["set_registered"], values)).fetchone()
    assert row is not None, "the member was locked and not registered"
    await conn.execute(SQL["put_person"], values)


async def change(conn: Conn, member: UUID, change: Change) -> bool:
    """Write down what became known; False if attributes are of nobody: no person registered."""
    if change.attributes:
        known = {name: value for name, value in change.attributes.items() if value is not None}
        gone = [name for name, value in change.attributes.items() if value is None]
        values = {"id": member, "known": Jsonb(known), "gone": gone}
        if await (await conn.execute(SQL["set_attributes"], values)).fetchone() is None:
            return False
    if change.favourites is not None:
        chosen = {"id": member, "favourites": list(change.favourites)}
        await conn.execute(SQL["set_favourites"], chosen)
    return True


async def set_status(conn: Conn, number: str, status: Status, reason: str) -> UUID | None:
    """Set a card's status; whose card it is, or None if there is none or it was replaced."""
    values = {"number": number, "status": status, "reason": reason}
    row = await (await conn.execute(SQL["set_status"], values)).fetchone()
    return None if row is None else row[0]


# Batches of cards ------------------------------------------------------------------------------


async def lock_issue(conn: Conn) -> None:
    """Let nobody else issue cards until the transaction ends. Read after it."""
    await conn.execute(SQL["lock_issue"])


async def add_batch(conn: Conn, batch: CardBatch) -> None:
    """Keep a batch. Errors: ExclusionViolation if one of its numbers is issued already."""
    values = {
        "id": batch.id,
        "label": batch.label,
        "prefix": batch.prefix,
        "first": batch.first,
        "count": batch.count,
        "issued_at": batch.issued_at,
    }
    await conn.execute(SQL["add_batch"], values)


async def list_batches(conn: Conn, after: UUID | None, limit: int) -> list[CardBatch]:
    """Batches issued after the one named, oldest first, at most `limit`."""
    asked = {"after": after or UUID(int=0), "page": limit}
    return [CardBatch(*row) async for row in await conn.execute(SQL["list_batches"], asked)]


async def read_batch(conn: Conn, batch_id: UUID) -> CardBatch | None:
    """One batch, or None."""
    row = await (await conn.execute(SQL["read_batch"], {"id": batch_id})).fetchone()
    return None if row is None else CardBatch(*row)


def _columns(identifiers: Sequence[Identifier]) -> tuple[Texts, Texts]:
    return Texts([each.kind for each in identifiers]), Texts([each.value for each in identifiers])


async def _members(conn: Conn, cursor: Cursor) -> list[Member]:
    rows = await cursor.fetchall()
    held: dict[UUID, list[Held]] = {row[0]: [] for row in rows}
    async for member, kind, value, *rest in await conn.execute(SQL["held"], (list(held),)):
        held[member].append(Held(Identifier(kind, value), *rest))
    return [replace(Member(*row), identifiers=tuple(held[row[0]])) for row in rows]
