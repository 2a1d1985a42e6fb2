"""The catalogue, remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import asdict
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.base.ids import new_id
from tessera.base.sql import statements
from tessera.rewards.catalogue.core import (
    Claim,
    ClaimState,
    Media,
    Reward,
    RewardState,
    Step,
    Terms,
)

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
_CLAIM = (
    "id", "reward", "kind", "member_id", "account_id", "state", "currency", "points",
    "money_minor", "cost_minor", "funding", "partner", "sent", "mark", "sealed", "claimed_at",
    "changed_at", "ends_at", "paid_at", "revealed_at", "uses", "receivable_minor", "back_id",
)  # fmt: skip


async def rewards(
    conn: Conn, now: datetime, *, state: RewardState | None = None, after: str = "", most: int = 500
) -> list[Reward]:
    """The catalogue by code, or what is in one state."""
    asked = {"state": state, "code": None, "after": after, "most": most, "now": now}
    return [_reward(row) for row in await (await conn.execute(SQL["rewards"], asked)).fetchall()]


async def reward(conn: Conn, code: str, now: datetime) -> Reward | None:
    """One reward, or None."""
    asked = {"state": None, "code": code, "after": "", "most": 1, "now": now}
    row = await (await conn.execute(SQL["rewards"], asked)).fetchone()
    return None if row is None else _reward(row)


def _reward(row: tuple[Any, ...]) -> Reward:
    code, state, terms, stock, taken, picture, made, changed, free = row
    told = msgspec.convert(terms, Terms)
    return Reward(code, state, told, stock, taken, picture, made, changed, free)


def _told(terms: Terms) -> Jsonb:
    return Jsonb(msgspec.to_builtins(terms))


async def add_reward(
    conn: Conn, code: str, terms: Terms, stock: int | None, now: datetime
) -> bool:  # fmt: skip
    """Begin a draft; false if there is one of this code."""
    asked = {"code": code, "terms": _told(terms), "stock": stock, "now": now}
    return await _hit(conn, "add_reward", asked)


async def lock_reward(conn: Conn, code: str, now: datetime) -> Reward | None:
    """A reward that nobody else changes until the end of this transaction."""
    await conn.execute(SQL["lock_reward"], (code,))
    return await reward(conn, code, now)


async def save_reward(conn: Conn, changed: Reward) -> None:
    """Keep terms, state and picture."""
    asked = {
        "code": changed.code, "state": changed.state, "terms": _told(changed.terms),
        "picture": changed.picture, "now": changed.changed_at,
    }  # fmt: skip
    await conn.execute(SQL["save_reward"], asked)


async def set_stock(conn: Conn, code: str, stock: int | None, now: datetime) -> bool:
    """So many there are in all; false if more are claimed."""
    return await _hit(conn, "set_stock", {"code": code, "stock": stock, "now": now})


async def take(conn: Conn, code: str, seen: datetime) -> bool:
    """A piece of the stock; false if there is none left, or the reward was changed since."""
    return await _hit(conn, "take", {"code": code, "seen": seen})


async def put_back(conn: Conn, code: str) -> None:
    """The piece is there again."""
    await conn.execute(SQL["put_back"], (code,))


async def add_picture(conn: Conn, hash: bytes, media: Media, body: bytes, now: datetime) -> None:
    """Keep a picture."""
    await conn.execute(SQL["add_picture"], (hash, media, body, now))


async def picture(conn: Conn, hash: bytes) -> tuple[str, bytes] | None:
    """(media, bytes) of a picture."""
    row = await (await conn.execute(SQL["picture"], (hash,))).fetchone()
    return None if row is None else (row[0], bytes(row[1]))


async def _hit(conn: Conn, name: str, asked: dict[str, Any]) -> bool:
    return await (await conn.execute(SQL[name], asked)).fetchone() is not None


# Claims ------------------------------------------------------------------------------------------


async def had(
    conn: Conn, ids: Sequence[UUID], since: Mapping[str, datetime]
) -> dict[str, int]:  # fmt: skip
    """{reward: how many a person has of it}, under any number. since: {reward: from when on}."""
    asked = {"ids": list(ids), "rewards": list(since), "since": list(since.values())}
    return dict(await (await conn.execute(SQL["had"], asked)).fetchall())


async def add_claim(conn: Conn, claim: Claim) -> None:
    """A claim begins."""
    await conn.execute(SQL["add_claim"], asdict(claim))


async def save_claim(conn: Conn, claim: Claim) -> None:
    """Keep what has changed of it."""
    await conn.execute(SQL["save_claim"], asdict(claim))


async def add_step(conn: Conn, claim_id: UUID, step: Step) -> None:
    """Write down what happened to it."""
    values = (new_id(), claim_id, step.did, step.state, step.at, step.principal_id, step.store,
              step.reason)  # fmt: skip
    await conn.execute(SQL["add_step"], values)


async def lock_claim(conn: Conn, claim_id: UUID) -> Claim | None:
    """A claim that nobody else changes until the end of this transaction."""
    await conn.execute(SQL["lock_claim"], (claim_id,))
    return await claim(conn, claim_id)


async def claim(conn: Conn, claim_id: UUID) -> Claim | None:
    """One claim, or None."""
    row = await (await conn.execute(SQL["claim"], (claim_id,))).fetchone()
    return None if row is None else _claim(row)


def _claim(row: tuple[Any, ...]) -> Claim:
    return Claim(**dict(zip(_CLAIM, row, strict=True)))


async def marked(conn: Conn, mark: bytes) -> UUID | None:
    """Which claim a code is of."""
    row = await (await conn.execute(SQL["marked"], (mark,))).fetchone()
    return None if row is None else row[0]


async def claims(
    conn: Conn, before: UUID | None, most: int, *, state: ClaimState | None = None,
    reward: str | None = None, ids: Sequence[UUID] | None = None,
) -> list[Claim]:  # fmt: skip
    """Claims, the newest first."""
    asked = {
        "state": state, "reward": reward, "ids": None if ids is None else list(ids),
        "before": before, "most": most,
    }  # fmt: skip
    return [_claim(row) for row in await (await conn.execute(SQL["claims"], asked)).fetchall()]


async def steps(conn: Conn, claim_id: UUID) -> list[Step]:
    """What happened to a claim, in order."""
    rows = await (await conn.execute(SQL["steps"], (claim_id,))).fetchall()
    return [Step(*row) for row in rows]


async def due(conn: Conn, now: datetime, most: int) -> list[UUID]:
    """Claims whose time is over."""
    rows = await (await conn.execute(SQL["due"], (now, most))).fetchall()
    return [row[0] for row in rows]


# Wishes ------------------------------------------------------------------------------------------


async def wish(conn: Conn, member_id: UUID, reward: str, now: datetime) -> None:
    """The member wishes for it."""
    await conn.execute(SQL["wish"], (member_id, reward, now))


async def unwish(conn: Conn, ids: Sequence[UUID], reward: str) -> None:
    """The member does not wish for it any more."""
    await conn.execute(SQL["unwish"], (list(ids), reward))


async def wishes(conn: Conn, ids: Sequence[UUID]) -> dict[str, datetime]:
    """{reward: since when} that a person wishes for, the newest first."""
    return dict(await (await conn.execute(SQL["wishes"], (list(ids),))).fetchall())
