"""Cards blocked, replaced and issued on a real server, also when several people do it at once."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest

from support.database import connect, run
from support.people import NOW, card, code, counts, opened, owner, seen
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.members import core, db, flows


def test_a_blocked_card_works_again_when_unblocked(dsn):
    async def work():
        async with await opened(dsn) as conn:
            mine = (await seen(conn, card(1)))[card(1)]
            assert await flows.block_card(conn, card(1).value, "lost") == mine.member_id
            found = await db.find(conn, card(1))
            assert found is not None
            assert (found.owner.status, found.status_reason) == ("blocked", "lost")
            assert await flows.unblock_card(conn, card(1).value) == mine.member_id
            assert await owner(conn, card(1)) == mine
            assert code(await flows.block_card(conn, card(2).value, "lost")) == "card_unknown"
            assert code(await flows.unblock_card(conn, "x")) == "card_unknown"

    run(work())


def test_a_new_card_takes_the_place_of_the_old_one(dsn):
    async def work():
        async with await opened(dsn) as conn:
            mine = (await seen(conn, card(1)))[card(1)]
            await seen(conn, card(3))
            old, new = card(1).value, card(2).value
            assert code(await flows.replace_card(conn, old, old, NOW)) == "identifier_taken"
            assert code(await flows.replace_card(conn, old, card(3).value, NOW)) == (
                "identifier_taken"
            )
            assert code(await flows.replace_card(conn, old, card(100).value, NOW)) == (
                "card_not_issued"
            )
            assert code(await flows.replace_card(conn, card(9).value, new, NOW)) == "card_unknown"
            assert await owner(conn, card(1)) == mine
            await flows.block_card(conn, old, "stolen")
            assert await flows.replace_card(conn, old, new, NOW) == mine.member_id
            assert await owner(conn, card(2)) == mine
            void = await owner(conn, card(1))
            assert void is not None and void.status == "replaced"
            again = await flows.replace_card(conn, old, card(4).value, NOW)
            assert isinstance(again, Refusal) and new in again.why
            assert code(await flows.unblock_card(conn, old)) == "card_replaced"
            assert code(await flows.block_card(conn, old, "x")) == "card_replaced"
            assert await owner(conn, card(4)) is None

    run(work())


def test_of_many_replacements_of_one_card_one_wins(dsn):
    async def attempt(serial: int):
        async with await connect(dsn) as conn:
            done = await flows.replace_card(conn, card(1).value, card(serial).value, NOW)
            await conn.commit()
            return done

    async def work():
        async with await opened(dsn) as conn:
            await seen(conn, card(1))
            await conn.commit()
            done = await asyncio.gather(*(attempt(serial) for serial in (2, 2, 3, 4, 5, 6)))
            assert sum(isinstance(each, UUID) for each in done) == 1
            assert await counts(conn) == (1, 0, 2)

    run(work())


def test_parallel_batches_of_a_prefix_never_overlap(dsn):
    async def issue(start: asyncio.Event, number: int) -> core.CardBatch:
        async with await connect(dsn) as conn:
            await start.wait()
            prefix = ("29", "2900", "290000")[number % 3]  # the same numbers
            done = await flows.issue_cards(conn, new_id(), prefix, 1000 + number, "", NOW)
            assert isinstance(done, core.CardBatch)
            await conn.commit()
            return done

    async def work():
        start = asyncio.Event()
        tasks = [asyncio.create_task(issue(start, number)) for number in range(20)]
        start.set()
        done = await asyncio.gather(*tasks)
        spans = sorted((batch.span() for batch in done), key=lambda span: span.start)
        assert all(one.stop <= two.start for one, two in pairwise(spans))
        async with await connect(dsn) as conn:
            assert sorted(await db.batches(conn), key=lambda b: b.id) == sorted(
                done, key=lambda b: b.id
            )

    run(work())


def test_ten_million_cards_are_one_row(dsn):
    async def work():
        async with await connect(dsn) as conn:
            done = await flows.issue_cards(conn, new_id(), "28", 10_000_000, "all", NOW)
            assert isinstance(done, core.CardBatch) and done.first == 0
            assert core.numbers(done, 9_999_998, 50) == [
                core.card_number("28", 9_999_998), core.card_number("28", 9_999_999)
            ]  # fmt: skip
            full = await flows.issue_cards(conn, new_id(), "28000000000", 5, "", NOW)
            assert code(full) == "prefix_full"
            assert await db.list_batches(conn, None, 9) == [done]
            assert await db.list_batches(conn, done.id, 9) == []
            assert await db.read_batch(conn, done.id) == done

    run(work())


def test_the_database_itself_refuses_a_number_twice(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await db.add_batch(conn, core.CardBatch(new_id(), "", "29", 500, 10, NOW))
            with pytest.raises(psycopg.errors.ExclusionViolation):
                again = core.CardBatch(new_id(), "", "290000000", 509, 1, NOW)
                await db.add_batch(conn, again)

    run(work())
