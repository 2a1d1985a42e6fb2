"""A till that was cut off: what it was given for a member, and the receipts it brings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from support.shop import Shop, line, sale
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.offline import flows as offline
from tessera.checkout.offline.core import Allowance
from tessera.rules.core.settings import Offline
from tessera.warehouse.core import Receipt

SETTING = Offline(points=60, days=2)


async def allow(
    shop: Shop, card: str, *, till: str = "1", store: str = "S1", at: datetime | None = None,
    setting: Offline = SETTING,
) -> str:  # fmt: skip
    """A token for a till, as the door gives it."""
    given = await ask(shop, card, till, store, at, setting)
    assert not isinstance(given, Refusal), given
    return given[1]


async def ask(
    shop: Shop, card: str, till: str, store: str = "S1", at: datetime | None = None,
    setting: Offline = SETTING,
) -> tuple[Allowance, str] | Refusal:  # fmt: skip
    """An allowance and its token, or why there is none."""
    account, now = await shop.account(card), at or datetime.now(UTC)
    assert account is not None
    row = Allowance(
        id=new_id(), account_id=account, store=store, till=till, points=0, used=0, step=1,
        worth_minor=1, max_percent=100, issued_at=now, valid_until=now,
    )  # fmt: skip
    async with shop.house.pool.connection() as conn:
        return await offline.issue(conn, setting, row, card)


def away(card: str | None, minor: int, spend: int, token: str | None, **other: Any) -> Receipt:
    """A receipt of that sum, made while the till was cut off."""
    till = other.pop("till", "1")
    made = sale(card, line("SOUP", 1, minor), spend=spend, **other)
    return msgspec.structs.replace(made, till=till, offline=True, allowance=token)
