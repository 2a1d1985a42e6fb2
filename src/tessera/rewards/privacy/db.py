"""What a person claimed, wished for, was given and won, read whole; wishes, taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_CLAIM = (
    "id", "reward", "kind", "state", "points", "currency", "money_minor", "claimed_at",
    "changed_at", "ends_at", "paid_at", "revealed_at", "uses",
)  # fmt: skip
_COUPON = ("kind", "given_at", "last_day", "used")
_OF_ACCOUNTS = {
    "keepsakes": ("kind", "item", "pieces", "given_at"),
    "entries": ("draw", "tickets"),
    "wins": ("draw", "item", "place", "won_at", "handed_at"),
}
Mine = Callable[[UUID, UUID | None], bool]
_USE = ("kind", "used_at", "given_back_at", "discount_minor", "points")


async def told(conn: Conn, ids: Sequence[UUID]) -> dict[str, Any]:
    """{claims, wishes, coupons, coupon_uses} of these members, the newest first.

    Codes are left out: they are money.
    """
    claims = await (await conn.execute(SQL["claims"], (list(ids),))).fetchall()
    wishes = await (await conn.execute(SQL["wishes"], (list(ids),))).fetchall()
    coupons = await (await conn.execute(SQL["coupons"], (list(ids),))).fetchall()
    uses = await (await conn.execute(SQL["coupon_uses"], (list(ids),))).fetchall()
    return {
        "claims": [dict(zip(_CLAIM, row, strict=True)) for row in claims],
        "wishes": [{"reward": code, "wished_at": at} for code, at in wishes],
        "coupons": [dict(zip(_COUPON, row, strict=True)) for row in coupons],
        "coupon_uses": [dict(zip(_USE, row, strict=True)) for row in uses],
    }


async def held(conn: Conn, accounts: Sequence[UUID], mine: Mine) -> dict[str, Any]:
    """{keepsakes, entries, wins} of these accounts.

    mine  (account, operation it was given for) -> whether it is the person's own
    """
    found = {}
    for name, fields in _OF_ACCOUNTS.items():
        rows = await (await conn.execute(SQL[name], (list(accounts),))).fetchall()
        found[name] = [
            dict(zip(fields, row[:-2], strict=True)) for row in rows if mine(row[-2], row[-1])
        ]
    return found


async def forget(conn: Conn, ids: Sequence[UUID]) -> None:
    """Wishes go with the person; claims stay under numbers that name nobody."""
    await conn.execute(SQL["forget_wishes"], (list(ids),))
