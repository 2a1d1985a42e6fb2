"""Versions of the program: which one decides when, that none ever changes, and going back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from support import database
from support.anything import READER
from support.shop import fresh_card, goods_back, line, opened, program, sale
from tessera.base.refusal import Refusal
from tessera.program import db, flows
from tessera.program.core.timeline import BEGINNING, Release, Start, overtaken, reigns, states
from tessera.rules.core.words import Program

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
SUMMER = datetime(2025, 7, 1, tzinfo=UTC)
LATER = datetime(2099, 1, 1, tzinfo=UTC)


def rate(points: int) -> dict:
    """A program of so many points for every 1.00."""
    return program({"id": "base", "mechanic": "base_rate", "points": points, "per_minor": 100})


@asynccontextmanager
async def shop_of(dsn: str, *published: tuple[int, datetime | None]):
    """A shop whose programs are versions 2, 3, ...: (points for 1.00, from when)."""
    async with opened(dsn) as shop:
        for points, starts_at in published:
            await publish(shop, rate(points), starts_at)
        yield shop


async def publish(shop, body, starts_at=None, note=""):
    """Publish as the office does; the running house follows."""
    async with shop.house.pool.connection() as conn:
        release = Release(datetime.now(UTC), None, starts_at, note)
        made = await flows.release(conn, shop.house.reader, body, release)
    await shop.house.refresh()
    return made


async def earned(shop, at: datetime | None = None) -> tuple[int, int]:
    """(version, points for 1.00) of a receipt of that moment."""
    said = await shop.send(sale(fresh_card(), line("SOUP", 1, 100), at=at))
    return said.answer.program_version, said.answer.points_earned


def test_without_a_date_the_newest_decides_all_that_arrives(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None), (5, None)) as shop:
            assert await earned(shop) == (3, 5)
            assert await earned(shop, SUMMER) == (3, 5)  # a till that was offline; a history
            assert await earned(shop, datetime(2011, 1, 1, tzinfo=UTC)) == (3, 5)

    database.run(play())


def test_with_a_date_what_happened_before_stays_with_the_version_before(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None), (5, NEW_YEAR), (7, SUMMER)) as shop:
            assert await earned(shop, SUMMER - timedelta(microseconds=1)) == (2, 3)
            assert await earned(shop, SUMMER) == (4, 7)
            assert await earned(shop, NEW_YEAR) == (4, 7)  # the newest that had begun
            await publish(shop, rate(9), NEW_YEAR)
            assert await earned(shop, NEW_YEAR - timedelta(seconds=1)) == (4, 7)
            assert await earned(shop, NEW_YEAR) == (5, 9)
            assert await earned(shop) == (5, 9)

    database.run(play())


def test_what_is_announced_decides_when_its_time_has_come(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None)) as shop:
            soon = datetime.now(UTC) + timedelta(seconds=2)
            await publish(shop, rate(5), soon)
            await publish(shop, rate(7), LATER)
            assert shop.house.shop().program.version == 2
            assert await earned(shop) == (2, 3)
            assert await earned(shop, soon) == (3, 5)  # its clock is ahead
            while datetime.now(UTC) < soon:
                await asyncio.sleep(0.1)
            await shop.house.refresh()
            assert shop.house.shop().program.version == 3
            assert await earned(shop) == (3, 5)
            assert await earned(shop, soon - timedelta(seconds=1)) == (2, 3)

    database.run(play())


def test_a_return_is_decided_by_the_version_of_its_sale(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None)) as shop:
            sold = sale(fresh_card(), line("SOUP", 2, 100))
            assert (await shop.send(sold)).balance == 6
            await publish(shop, rate(50))
            back = (await shop.send(goods_back(sold, (1, 1)))).answer
            assert (back.program_version, back.points_earned) == (2, -3)

    database.run(play())


def test_older_programs_are_read_only_when_they_are_asked_for(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None), (5, SUMMER), (7, NEW_YEAR)) as shop:
            pass
        async with opened(dsn) as shop:
            read = {version for version, _ in shop.house.reader._kept}
            assert read == {4}
            await earned(shop, SUMMER)
            assert {version for version, _ in shop.house.reader._kept} == {3, 4}
            now = shop.house.shop()
            timeline = now.versions
            assert timeline is not None
            assert timeline.at(NEW_YEAR) is timeline.at(datetime.now(UTC))
            assert set(timeline.bodies) == {2, 3, 4}, "what never decides again is not fetched"
            assert now.program_at(BEGINNING).version == 2

    database.run(play())


def test_a_version_is_for_ever(dsn):
    async def change(words: str) -> None:
        async with await database.connect(dsn) as conn:
            await conn.execute("SET ROLE tessera_app")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute(words)

    async def play() -> None:
        async with shop_of(dsn, (3, None)):
            pass
        for words in (
            "UPDATE program.version SET body = '{}'",
            "UPDATE program.version SET starts_at = now()",
            "UPDATE program.version SET note = 'x'",
            "DELETE FROM program.version",
            "TRUNCATE program.version",
        ):
            await change(words)

    database.run(play())


def test_two_who_publish_at_once_get_two_numbers(dsn):
    async def play() -> None:
        async with opened(dsn) as shop:
            made = await asyncio.gather(*(publish(shop, rate(n)) for n in range(2, 8)))
            numbers = sorted(each.version for each in made if isinstance(each, Program))
            assert numbers == [2, 3, 4, 5, 6, 7]

    database.run(play())


def test_going_back_publishes_the_old_body_again(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None), (5, None)) as shop:
            async with shop.house.pool.connection() as conn:
                now = datetime.now(UTC)
                made = await flows.roll_back(conn, shop.house.reader, 2, Release(now))
                assert isinstance(made, Program) and made.version == 4
                assert await db.one(conn, 4) == await db.one(conn, 2)
                rows = await db.page(conn, None, 10)
                none = await flows.roll_back(conn, shop.house.reader, 99, Release(now))
                assert isinstance(none, Refusal) and none.code == "version_unknown"
            assert [(row.version, row.note) for row in rows] == [
                (4, "back to version 2"), (3, ""), (2, ""), (1, ""),
            ]  # fmt: skip
            await shop.house.refresh()
            assert await earned(shop) == (4, 3)

    database.run(play())


def test_what_cannot_be_published_leaves_no_trace(dsn):
    async def play() -> None:
        async with shop_of(dsn, (3, None)) as shop:
            for body, starts_at, code, field in (
                (rate(5) | {"currency": "USD"}, None, "program_invalid", "currency"),
                (rate(0), None, "program_invalid", "rules[0].points"),
                (rate(5), datetime(1969, 12, 31, tzinfo=UTC), "time_impossible", "starts_at"),
                (rate(5), datetime(9999, 1, 1, tzinfo=UTC), "time_impossible", "starts_at"),
            ):
                made = await publish(shop, body, starts_at)
                assert isinstance(made, Refusal)
                assert (made.code, made.field) == (code, field)
            async with shop.house.pool.connection() as conn:
                assert [each.version for each in await db.starts(conn)] == [1, 2]

    database.run(play())


def test_the_first_version_decides_from_the_beginning(dsn):
    async def begin() -> Program:
        async with await database.connect(dsn) as conn:
            return await flows.begin(conn, READER, "EUR", NEW_YEAR)

    async def play() -> None:
        async with await database.connect(dsn) as conn:
            made = await flows.release(conn, READER, rate(2), Release(NEW_YEAR, None, NEW_YEAR))
            assert isinstance(made, Refusal) and made.field == "starts_at"
        begun = await asyncio.gather(*(begin() for _ in range(4)))
        assert {each.version for each in begun} == {1}, "several processes begin together"

    database.run(play())


# Which version decides when, without a database ---------------------------------------------------


def start(version: int, starts_at: datetime | None, published_at: datetime = SUMMER) -> Start:
    return Start(version, starts_at, published_at)


def test_a_version_takes_over_what_older_ones_had_from_its_start_on():
    old = [start(1, None), start(2, NEW_YEAR), start(3, LATER)]
    assert [each.version for each in reigns(old)] == [1, 2, 3]
    assert [each.version for each in reigns([*old, start(4, None)])] == [4]
    assert [each.version for each in reigns([*old, start(4, NEW_YEAR)])] == [1, 4]
    assert [each.version for each in reigns([*old, start(4, SUMMER)])] == [1, 4]
    assert [each.version for each in overtaken(old, None, NEW_YEAR)] == [3]
    assert [each.version for each in overtaken(old, LATER, NEW_YEAR)] == [3]
    assert overtaken(old, LATER + timedelta(days=1), NEW_YEAR) == []


def test_what_became_of_a_version():
    soon = NEW_YEAR + timedelta(days=9)
    versions = [
        start(1, None, SUMMER), start(2, soon, SUMMER), start(3, None, NEW_YEAR),
        start(4, NEW_YEAR, NEW_YEAR), start(5, LATER, NEW_YEAR),
    ]  # fmt: skip
    assert states(versions, NEW_YEAR) == {
        1: "past", 2: "overtaken", 3: "past", 4: "current", 5: "announced"
    }  # fmt: skip
    assert states(versions, LATER)[5] == "current"
