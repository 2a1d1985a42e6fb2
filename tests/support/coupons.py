"""Coupons in a test: a program with some, orders of codes, what was told of each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from support.shop import TWO_PERCENT, Shop, program
from tessera.base.refusal import Refusal
from tessera.rewards.coupons.core.words import Batch
from tessera.rewards.coupons.office import flows as office
from tessera.rewards.coupons.office.flows import Order

OFF = {"id": "off", "mechanic": "percent_off", "percent": 10, "coupon": "TENTH"}
THANKS = {"id": "thanks", "mechanic": "sum_threshold", "from_minor": 1000,
          "prize": {"coupon": "THANKS"}}  # fmt: skip
BACK = {"id": "back", "mechanic": "amount_off", "off_minor": 200, "coupon": "THANKS"}
KINDS: dict[str, Any] = {
    "TENTH": {"name": "10 % off"},
    "THANKS": {"name": "2.00 off", "personal": True, "days": 30},
}


def couponed(*rules: dict[str, Any], **kinds: dict[str, Any]) -> dict[str, Any]:
    """A program with these kinds beside the usual ones."""
    return program(TWO_PERCENT, *(rules or (OFF,)), coupons=KINDS | kinds)


async def issue(shop: Shop, count: int, kind: str = "TENTH", **days: Any) -> list[str]:
    """An order of codes, made and handed out."""
    return (await ordered(shop, count, kind, **days))[1]


async def ordered(
    shop: Shop, count: int, kind: str = "TENTH", **days: Any
) -> tuple[Batch, list[str]]:  # fmt: skip
    kinds = shop.house.shop().program.coupons
    wanted = Order(kind, count, "test", days.get("starts"), days.get("ends"))
    async with shop.house.pool.connection() as conn:
        made = await office.order(conn, wanted, kinds, "test", datetime.now(UTC))
        assert not isinstance(made, Refusal), made
        while await office.make(conn, made.id):
            pass
        told: list[str] = []
        while len(told) < count:
            page = await office.hand_out(conn, made.id, datetime.now(UTC), again=False)
            assert not isinstance(page, Refusal), page
            made, more = page
            told += more
    return made, told


def states(said: Any) -> list[tuple[str, str]]:
    """(kind, state) of each coupon in an answer."""
    return [(each.kind, each.state) for each in said.answer.coupons]


async def used(shop: Shop, batch_id: UUID) -> int:
    """How often the codes of an order were used, as their rows say."""
    rows = await shop.eye.execute(
        "SELECT coalesce(sum(c.used), 0)::bigint FROM rewards.coupon AS c"
        " JOIN rewards.coupon_batch AS b ON c.batch = b.number WHERE b.id = %s", (batch_id,)
    )  # fmt: skip
    row = await rows.fetchone()
    await shop.eye.rollback()
    assert row is not None
    return int(row[0])
