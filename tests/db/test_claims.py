"""Tries at proving whose card it is, counted on a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from support.database import connect, run
from tessera.members.joining import db, flows

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def test_one_network_tries_twenty_cards_in_a_day_whatever_its_addresses(dsn):
    async def work():
        async with await connect(dsn) as conn:
            for address in ("2001:db8::{:x}", "192.0.2.1"):
                said = [
                    await flows.take_try(conn, str(uuid4()), address.format(i), NOW)
                    for i in range(30)
                ]
                assert [each is None for each in said] == [True] * 20 + [False] * 10

    run(work())


def test_strangers_do_not_lock_a_card_for_whoever_holds_it(dsn):
    """One block has five tries at it, however often it asks; six blocks use them up."""

    async def work():
        async with await connect(dsn) as conn:

            async def ask(network: int) -> bool:
                return await flows.take_try(conn, "1", f"192.0.{network}.2", NOW) is None

            assert sum([await ask(1) for _ in range(15)]) == 5
            assert sum([await ask(1) for _ in range(50)]) == 0
            assert await ask(2), "somebody else may try"
            tried = sum([await ask(network) for network in range(2, 9) for _ in range(5)])
            assert tried == 30 - 5 - 1

    run(work())


def test_a_card_never_used_is_counted_for_the_year(dsn):
    async def work():
        async with await connect(dsn) as conn:
            who = uuid4()
            assert await flows.take_unused(conn, who, NOW) is None
            await db.forget(conn, NOW + timedelta(days=30))
            again = await flows.take_unused(conn, who, NOW + timedelta(days=30))
            assert again is not None and again.code == "card_not_proved"
            await db.forget(conn, NOW + timedelta(days=50))
            cursor = await conn.execute("SELECT count(*) FROM members.claim_try")
            assert await cursor.fetchone() == (0,)
            assert await flows.take_unused(conn, who, NOW + timedelta(days=50)) is None

    run(work())
