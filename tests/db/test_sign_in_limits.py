"""Tries to sign in, counted on a real server: at accounts, networks and blocks of networks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from support.database import connect, run
from tessera.access.signing import flows
from tessera.access.signing.core import limits
from tessera.access.signing.limiting import flows as limiting
from tessera.base.refusal import Refusal

NOW = datetime(2026, 11, 22, 9, 3, 7, tzinfo=UTC)


def looked_at(said: Sequence[object]) -> int:
    return sum(isinstance(each, limiting.Try) for each in said)


def test_a_limit_forgets_after_a_day_and_is_swept(dsn):
    async def work():
        async with await connect(dsn) as conn:
            for _ in range(limits.ACCOUNT.free):
                await limiting.take(conn, "a@example.org", "10.0.0.1", NOW)
            said = await limiting.take(conn, "a@example.org", "10.0.0.1", NOW)
            assert isinstance(said, Refusal) and said.code == "too_many_tries"
            elsewhere = await limiting.take(conn, "a@example.org", "10.0.0.2", NOW)
            assert isinstance(elsewhere, limiting.Try)
            day = NOW + timedelta(days=1)
            assert isinstance(
                await limiting.take(conn, "a@example.org", "10.0.0.1", day), limiting.Try
            )
            await limiting.signed_in(conn, elsewhere, day)
            for at, left in ((day, 5), (day + timedelta(days=2), 1), (day + timedelta(days=31), 0)):
                await flows.sweep(conn, at)
                cursor = await conn.execute("SELECT count(*) FROM access.sign_in_limit")
                row = await cursor.fetchone()
                assert row is not None and row[0] <= left, at

    run(work())


def test_an_ipv6_household_is_one_network(dsn):
    async def work():
        async with await connect(dsn) as conn:
            said = [
                await limiting.take(conn, f"{n}@example.org", f"2001:db8::{n:x}", NOW)
                for n in range(1, 12)
            ]
            assert [isinstance(each, limiting.Try) for each in said] == [True] * 10 + [False]
            other = await limiting.take(conn, "x@example.org", "2001:db8:0:1::1", NOW)
            assert isinstance(other, limiting.Try)

    run(work())


@pytest.mark.parametrize("line", ["2001:db8:7:{:x}::1", "10.0.7.{}"])
def test_a_line_of_many_networks_has_forty_misses(dsn, line):
    """Leaked pairs from two hundred networks of one line; who is at home there comes in."""

    async def work():
        async with await connect(dsn) as conn:
            home = await limiting.take(conn, "a@example.org", line.format(1), NOW)
            assert isinstance(home, limiting.Try)
            await limiting.signed_in(conn, home, NOW)
            said = [
                await limiting.take(conn, f"{n}.{k}@example.org", line.format(n), NOW)
                for n in range(1, 200) for k in range(12)
            ]  # fmt: skip
            assert looked_at(said) == limits.BLOCK.free
            rows = await conn.execute("SELECT count(*) FROM access.sign_in_limit")
            assert await rows.fetchone() == (1 + 40 + 4 + 1,), "what waits leaves no row"
            again = await limiting.take(conn, "a@example.org", line.format(1), NOW)
            assert isinstance(again, limiting.Try), "not his misses"
            for other in ("2001:db8:8::1", "10.0.8.1"):
                said = [await limiting.take(conn, "b@example.org", other, NOW)]
                assert looked_at(said) == 1, "another line"
            late = 0
            for minute in range(1, 24 * 60):
                at, address = NOW + timedelta(minutes=minute), line.format(1 + minute % 250)
                late += looked_at([await limiting.take(conn, f"{minute}@x.org", address, at)])
            assert late <= 10 + 24 * 4

    run(work())


def test_who_comes_in_and_who_waits_is_not_counted_against_the_line(dsn):
    """Sixty people come in by their passwords, and one network goes on missing all the while."""

    async def work():
        async with await connect(dsn) as conn:
            for n in range(60):
                tried = await limiting.take(conn, f"{n}@example.org", f"2001:db8:7:{n:x}::1", NOW)
                assert isinstance(tried, limiting.Try)
                if n % 2:
                    await limiting.forgive(conn, tried, NOW)
                else:
                    await limiting.signed_in(conn, tried, NOW)
                await limiting.take(conn, f"x{n}@example.org", "2001:db8:7:ffff::1", NOW)
            said = await limiting.take(conn, "new@example.org", "2001:db8:7:eeee::1", NOW)
            assert isinstance(said, limiting.Try)

    run(work())


def test_a_try_and_a_sign_in_at_the_same_time_wait_in_no_ring(dsn):
    async def one(number: int) -> None:
        async with await connect(dsn) as conn:
            tried = await limiting.take(conn, f"{number % 2}@example.org", "10.0.0.1", NOW)
            await conn.commit()
            if isinstance(tried, limiting.Try):
                await limiting.signed_in(conn, tried, NOW)
                await conn.commit()

    async def work():
        await asyncio.gather(*(one(number) for number in range(40)))

    run(work())
