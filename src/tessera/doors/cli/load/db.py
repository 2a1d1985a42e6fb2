"""What was sold to whom and has not come back, as offers for the matching of returns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg import AsyncConnection

from tessera.base.ids import new_id
from tessera.base.sql import statements
from tessera.doors.cli.load.matching import Offer
from tessera.members import db as members_db
from tessera.members.core import normal
from tessera.warehouse.core import Identifier, ReceiptKey, lines_from_data

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


class Posted(Struct):
    """What is in the books of one member.

    offers    lines of sales with what is left of them
    returned  identities of the returns that are there already
    """

    offers: list[Offer] = msgspec.field(default_factory=list)
    returned: set[ReceiptKey] = msgspec.field(default_factory=set)


class _Left(Struct):
    """The part of a return's story that counts here: units of each line that stay sold."""

    kept: tuple[int, ...] = ()


async def of_members(
    conn: Conn, who: Sequence[Identifier], skus: Collection[str]
) -> dict[Identifier, Posted]:
    """What was posted of these articles, for each of these who is anybody."""
    spelled = {one: _spelled(one) for one in who}
    asked = await members_db.ask_owners(conn, list(dict.fromkeys(spelled.values())))
    owners = await members_db.owners(asked)
    accounts = {owner.member_id: owner.account_id for owner in owners.values()}
    ids = (list(accounts.values()), list(accounts))
    cursor = await conn.execute(SQL["of_members"], ids, binary=True)
    found = await _posted(cursor, skus)
    known = {one: owners[name] for one, name in spelled.items() if name in owners}
    return {one: found.get(owner.member_id, Posted()) for one, owner in known.items()}


async def of_nobody(conn: Conn, stores: Sequence[str], skus: Collection[str]) -> Posted:
    """The same for receipts without a member: in memory are only these articles."""
    async with conn.cursor(binary=True) as cursor:
        rows = cursor.stream(SQL["of_nobody"], (list(stores),))
        found = await _posted(rows, skus)
    return found.get(None, Posted())


async def _posted(
    rows: AsyncIterator[tuple[Any, ...]], skus: Collection[str]
) -> dict[UUID | None, Posted]:
    """Sales and their returns come in any order: units that came back are taken off at the end."""
    found: defaultdict[UUID | None, Posted] = defaultdict(Posted)
    sales: dict[UUID, list[Offer]] = {}
    left: dict[UUID, tuple[int, ...]] = {}
    async for member, id_, kind, sale_id, *head, said in rows:
        key, at = ReceiptKey(*head[:5]), head[5]
        if kind == "return":
            found[member].returned.add(key)
            kept = msgspec.json.decode(said, type=_Left).kept
            left[sale_id] = tuple(map(min, left.get(sale_id, kept), kept))
            continue
        sales[id_] = [
            Offer(key, at, number, line.sku, line.unit, line.unit_minor, line.quantity)
            for number, line in enumerate(lines_from_data(said), 1)
            if line.sku in skus
        ]
        found[member].offers += sales[id_]
    for id_, kept in left.items():
        for offer in sales.get(id_, ()):
            offer.left = kept[offer.line - 1]
    return found


async def meet(conn: Conn, who: Collection[Identifier], now: datetime) -> None:
    """Make members of those who are none yet: whose receipts are all bad is a customer too."""
    spelled = list(dict.fromkeys(map(_spelled, who)))
    known = await members_db.owners(await members_db.ask_owners(conn, spelled))
    new = [
        (one, new_id(), new_id())
        for one in sorted(spelled, key=lambda one: (one.kind, one.value))
        if one not in known and isinstance(normal(one.kind, one.value), Identifier)
    ]
    if new:
        await members_db.add_shadows(conn, new, now)


def _spelled(who: Identifier) -> Identifier:
    """As members spell it: a phone or an address may be written in several ways."""
    known = normal(who.kind, who.value)
    return known if isinstance(known, Identifier) else who
