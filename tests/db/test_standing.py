"""Where an account stands by one statement is where its wallet says that it stands."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from support import api as shops
from support import database
from support.things import Things, new_member
from tessera.base.ids import new_id
from tessera.checkout.core.tell import balance_at
from tessera.checkout.flows.reading import wallet_of
from tessera.ledger.standing.db import standing

PROGRAM = {
    "name": "Standing", "currency": "EUR", "expiry_days": 30, "pending": {"days": 2},
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def test_it_is_the_wallet_s_own_sum_at_any_instant(api):
    """Points that wait, that can be spent, that a checkout keeps, that end, that are owed."""
    me = new_member(api)
    things = Things(api, me)
    things.sale("own", card=me["card"])
    for points, days in ((40, 3), (70, 10), (25, 10)):
        ends = (datetime.now(UTC) + timedelta(days=days)).isoformat()
        told = {"member": {"card": me["card"]}, "points": points, "reason": "goodwill"}
        things.made("/v1/adjustments", told | {"expires_at": ends})
    basket = api.basket(card=me["card"], spend={"points": 50})
    things.made("/v1/quotes", {"basket": basket, "hold": True})
    taken = {"member": {"card": me["card"]}, "points": -500, "reason": "goodwill", "owing": True}
    things.made("/v1/adjustments", taken)
    things.sale("own", card=me["card"])
    asyncio.run(compared(api.dsn, UUID(me["account_id"])))


async def compared(dsn, account_id) -> None:
    now, seen = datetime.now(UTC), set()
    async with await database.connect(dsn) as conn:
        wallet = await wallet_of(conn, account_id)
        for hours in (0, 1, 47, 49, 24 * 4, 24 * 11, 24 * 40):
            at = now + timedelta(hours=hours)
            mine, told = balance_at(wallet, at), await standing(conn, account_id, at, "UTC")
            assert (told.available, told.held, told.pending, told.debt) == (
                mine.available, mine.held, mine.pending, mine.debt
            ), hours  # fmt: skip
            live = [lot for lot in wallet.lots.values() if lot.remaining and lot.live(at)]
            ends = [lot.expires_at for lot in live if lot.expires_at is not None]
            assert told.ends_at == (min(ends) if ends else None), hours
            seen.add((mine.available > 0, mine.held > 0, mine.pending > 0))
    assert len(seen) > 2, "the instants tell different things"


def test_who_was_never_seen_has_nothing(api):
    async def look():
        async with await database.connect(api.dsn) as conn:
            return await standing(conn, new_id(), datetime.now(UTC), "Europe/Rome")

    told = asyncio.run(look())
    assert (told.available, told.pending, told.ends_at) == (0, 0, None)
