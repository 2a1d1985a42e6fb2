"""Points that wait for an event, whichever comes first; clocks that are fast make nothing ripe."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from db.test_life import DELIVERED, NOW, ago, on, played
from support.shop import fresh_card, line, sale
from tessera.checkout.core import Event, Quote
from tessera.warehouse.core import Store as Place
from tessera.warehouse.stores import db as stores_db

PARCEL = {"pending": {"event": "delivered"}, "events": DELIVERED}


async def open_another(shop):
    """A second store."""
    async with shop.house.pool.connection() as conn:
        await stores_db.put_store(conn, Place("S2", "Mall", "Europe/Rome"))
    await shop.house.refresh()


async def arrives(shop, card, receipt, at=NOW, store=None):
    """The parcel of a receipt; the sender's own number is that of the moment."""
    told = Event(
        type="delivered", id=f"P {at:%d %H} {receipt}", happened_at=at, card=card, store=store,
        data={"receipt": receipt},
    )  # fmt: skip
    said = await shop.send(told)
    assert said.status == 201, said


@pytest.mark.parametrize(
    ("at", "receipt", "store", "points"),
    [
        (ago(1), "A-1", None, (100, 0, 0)),
        (ago(1), "A-1", "S1", (100, 0, 0)),
        (ago(2.9), "A-1", None, (100, 0, 0)),
        (ago(3.1), "A-1", None, (0, 100, 0)),
        (ago(1), "A-2", None, (0, 100, 0)),
        (ago(1), "A-1", "S2", (0, 100, 0)),
    ],
    ids=["before", "in the store", "clocks differ", "another year", "another one", "elsewhere"],
)
def test_a_parcel_that_came_before_its_receipt_is_known(dsn, at, receipt, store, points):
    async def story(shop, card):
        await open_another(shop)
        await arrives(shop, card, receipt, at, store)
        await shop.buys(card, 100, 2, number="A-1")
        assert await shop.points(card) == points

    played(dsn, story, **PARCEL)


def test_a_parcel_is_its_members_own(dsn):
    async def story(shop, card):
        other = fresh_card()
        await arrives(shop, card, "A-1", ago(1))
        await shop.buys(other, 70, 1, number="A-1")
        await shop.buys(card, 100, 2, number="A-1")
        assert (await shop.points(other), await shop.points(card)) == ((0, 70, 0), (100, 0, 0))

    played(dsn, story, **PARCEL)


def test_a_number_wakes_the_newest_receipt_of_that_number_alone(dsn):
    async def story(shop, card):
        await shop.buys(card, 100, 30, number="A-1")
        await shop.buys(card, 77, 2, number="A-1")
        for day in (2, 1, 0):
            await arrives(shop, card, "A-1", ago(day))
            assert await shop.points(card) == (77, 100, 0)

    played(dsn, story, **PARCEL)


def test_an_id_wakes_the_receipt_of_that_id(dsn):
    async def story(shop, card):
        await open_another(shop)
        old = await shop.send(sale(card, line("SOUP", 1, 100), at=ago(30), number="A-1"))
        await shop.buys(card, 77, 2, number="A-1")
        await arrives(shop, card, str(old.answer.id), store="S2")
        assert await shop.points(card) == (100, 77, 0)

    played(dsn, story, **PARCEL)


def test_a_number_told_in_a_store_wakes_no_receipt_of_another(dsn):
    async def story(shop, card):
        await open_another(shop)
        await shop.buys(card, 100, 2, number="A-1")
        await arrives(shop, card, "A-1", ago(1), store="S2")
        assert await shop.points(card) == (0, 100, 0)
        await arrives(shop, card, "A-1", store="S1")
        assert await shop.points(card) == (100, 0, 0)

    played(dsn, story, **PARCEL)


def where_it_is_noon() -> Place:
    """A store where tomorrow is about twelve hours away, whenever this is asked."""
    east = 12 - NOW.hour  # the names of these zones count westwards
    return Place("NOON", "Noon", f"Etc/GMT{-east:+d}")


def test_a_fast_clock_spends_nothing_before_its_time(dsn):
    late, noon = on(0.99), where_it_is_noon()

    def there(card, points, at, **words):
        return replace(sale(card, line("SOUP", 1, points), at=at, **words), store=noon.id)

    async def story(shop, card):
        async with shop.house.pool.connection() as conn:
            await stores_db.put_store(conn, noon)
        await shop.house.refresh()
        assert (await shop.send(there(card, 100, ago(13)))).status == 201
        asked = there(card, 100, late, spend=100)
        for each in (asked, Quote(there(card, 100, late, spend=100), hold=True)):
            assert (await shop.send(each)).problem.code == "points_short"
        assert (await shop.send(there(card, 7, on(0.9)))).status == 201
        assert await shop.points(card) == (0, 107, 0)

    played(dsn, story, pending={"days": 14})
