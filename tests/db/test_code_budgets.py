"""How many codes may be asked for, from where: buckets that fill again, on a real server."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from support.codes import NOW, TO, begun
from support.database import connect, run
from tessera.access.codes import core, flows
from tessera.access.codes.core import Proved
from tessera.base.refusal import Refusal

DAY = timedelta(days=1)


def refused(said: object) -> bool:
    return isinstance(said, Refusal) and said.code == "too_many_codes"


async def ask(conn, to: str = TO, at: datetime = NOW, network: str = "", **more) -> bool:
    """Whether a code may be asked for there, from a /24 of this name."""
    address = f"10.{network}.7" if network else ""
    said = await flows.begin(conn, "sign in", "email", to, None, at, address=address, **more)
    return not refused(said)


async def prove(conn, network: str, to: str = TO, at: datetime = NOW) -> None:
    """Whoever holds the destination proves it from there."""
    challenge, code = await begun(conn, to, at, address=f"10.{network}.7")
    said = await flows.prove(conn, challenge.id, code, at, f"10.{network}.9")
    assert isinstance(said, Proved)
    await conn.commit()


def test_a_destination_gets_five_messages_and_one_more_every_two_hours(dsn):
    async def work():
        async with await connect(dsn) as conn:
            networks = iter(f"{n // 250}.{n % 250}" for n in range(1000))
            said = [await ask(conn, network=next(networks)) for _ in range(8)]
            assert said == [True] * 5 + [False] * 3
            sent = 5
            for hour in range(1, 25):
                at = NOW + timedelta(hours=hour)
                sent += sum([await ask(conn, at=at, network=next(networks)) for _ in range(9)])
            assert sent == 17, "so few guesses are had in a day, from however many networks"

    run(work())


def test_strangers_use_up_nothing_of_a_network_where_it_was_proved(dsn):
    """However many networks ask, all day: at home a code comes, and comes again."""

    async def work():
        async with await connect(dsn) as conn:
            await prove(conn, "99.1")
            for hour in range(25):
                at = NOW + timedelta(hours=1 + hour)
                said = [await ask(conn, at=at, network=f"{hour}.{n}") for n in range(10)]
                assert not said[-1], "strangers have used up what is theirs"
                if hour % 3 == 0:
                    assert await ask(conn, at=at, network="99.1")
            assert not await ask(conn, at=at, network="99.2"), "another /24 is a stranger's"
            over = NOW + core.HOME_TERM
            for n in range(6):
                await ask(conn, at=over, network=f"7.{n}")
            assert not await ask(conn, at=over, network="99.1"), "half a year later it is too"

    run(work())


def test_one_network_alone_sees_no_difference_between_its_own_and_others(dsn):
    """Who lives beside somebody cannot find out by asking whether a phone is known there."""

    async def work():
        async with await connect(dsn) as conn:
            await prove(conn, "99.1", at=NOW - timedelta(days=2))
            for minutes in range(0, 24 * 60, 15):
                at = NOW + timedelta(minutes=minutes)
                said = [
                    await ask(conn, to, at, "99.1", deliver=deliver)
                    for to, deliver in ((TO, True), ("nobody@example.org", False))
                ]
                assert said[0] == said[1], at

    run(work())


@pytest.mark.parametrize("guests", ["10.99.1.7", "10.99.1.{}"])
def test_nor_does_one_that_has_used_up_its_messages(dsn, guests):
    """On the shop's Wi-Fi, or a /24: who has proved there, and who is nobody, wait alike."""

    async def work():
        async with await connect(dsn) as conn:
            await prove(conn, "99.1", at=NOW - timedelta(days=2))
            for n in range(core.NETWORK.most):
                await flows.begin(
                    conn, "x", "email", f"{n}@example.org", None, NOW, deliver=False,
                    address=guests.format(n),
                )  # fmt: skip
            assert not await ask(conn, network="99.1")
            assert not await ask(conn, "nobody" + TO, network="99.1", deliver=False)

    run(work())


@pytest.mark.parametrize("neighbours", [False, True])
def test_strangers_beside_them_use_up_nothing_of_staffs_or_of_who_is_signed_in(dsn, neighbours):
    """One guest at their address, or a /24 full of them, asking all day."""

    async def stranger(conn, n: int, at: datetime) -> bool:
        said = await flows.begin(
            conn, "x", "email", f"{n}{at:%H%M}@x.org", None, at,
            address=f"10.99.1.{n % 200 if neighbours else 7}", deliver=False,
        )  # fmt: skip
        return not refused(said)

    async def work():
        async with await connect(dsn) as conn:
            said = [await stranger(conn, n, NOW) for n in range(100)]
            assert sum(said) == (core.NETWORK if neighbours else core.CALLER).most
            for minute in range(0, 8 * 60, 5):
                at = NOW + timedelta(minutes=minute)
                while await stranger(conn, minute, at):
                    pass
                if minute % 15 == 0:
                    assert await ask(conn, f"s{minute}{TO}", at, "99.1", asks="staff"), at
                    assert await ask(conn, f"m{minute // 60}{TO}", at, "99.1", asks="member"), at

    run(work())


@pytest.mark.parametrize("asks", ["staff", "member"])
def test_strangers_beside_them_use_up_nothing_they_have_for_one_destination(dsn, asks):
    async def work():
        async with await connect(dsn) as conn:
            for _ in range(6):
                await ask(conn, network="5.5")
            assert not await ask(conn, network="5.5"), "four of one network"
            said = [await ask(conn, network="5.5", asks=asks) for _ in range(11)]
            assert said == [True] * 10 + [False], "ten, wherever they ask"

    run(work())


@pytest.mark.parametrize("asks", ["staff", "member"])
def test_who_is_signed_in_has_a_bound_there_too(dsn, asks):
    async def work():
        async with await connect(dsn) as conn:
            said = [await ask(conn, f"{n}{TO}", network="99.1", asks=asks) for n in range(30)]
            assert sum(said) == core.CALLER.most
            others = {"anybody", "staff", "member"} - {asks}
            assert all([await ask(conn, e + TO, network="99.1", asks=e) for e in others])

    run(work())


def test_a_line_of_many_networks_is_one_network(dsn):
    """An IPv6 line has 65,536 networks of a /64: all of them together get eighty at once."""

    async def work():
        async with await connect(dsn) as conn:
            sent = 0
            for n in range(120):
                said = await flows.begin(
                    conn, "sign in", "email", f"{n}@example.org", None, NOW,
                    address=f"2001:db8:7:{n:x}::1",
                )  # fmt: skip
                sent += not refused(said)
            assert sent == core.NETWORK.most
            said = await flows.begin(
                conn, "x", "email", TO, None, NOW, address="2001:db8:8::1"
            )  # fmt: skip
            assert not refused(said), "another line asks on"

    run(work())


def small(monkeypatch, **most: int) -> None:
    """Of these of everybody's so many at once, and one more in a minute."""
    for name, number in most.items():
        bucket = core.Bucket(name.lower(), number, timedelta(minutes=1))
        monkeypatch.setattr(core, name, bucket)


def test_the_day_of_strangers_is_not_the_day_of_who_is_at_home(dsn, monkeypatch):
    small(monkeypatch, STRANGERS=2, HOMES=2, STAFF=1)

    async def work():
        async with await connect(dsn) as conn:
            await prove(conn, "99.1", at=NOW - timedelta(days=1))
            said = [await ask(conn, f"{n}{TO}", network=f"1.{n}") for n in range(4)]
            assert said == [True, True, False, False]
            assert not await ask(conn, "new" + TO, network="99.1"), "new there is a stranger"
            assert [await ask(conn, network="99.1") for _ in range(3)] == [True, True, False]
            assert not await ask(conn, "a" + TO, asks="member", network="3.3")
            said = [await ask(conn, "a" + TO, asks="staff", network="3.3") for _ in range(2)]
            assert said == [True, False], "a pot of their own"
            later = NOW + timedelta(minutes=1)
            assert await ask(conn, "b" + TO, later, "3.3"), "strangers' fill again too"
            said = [await ask(conn, "c" + TO, later, "3.4", asks="staff") for _ in range(2)]
            assert said == [True, False], "and staff's"

    run(work())


@pytest.mark.parametrize("deliver", [True, False])
def test_one_network_takes_five_of_what_homes_have_and_one_more_every_four_hours(
    dsn, monkeypatch, deliver
):
    """Twenty addresses of his own, proved at a network of his own, empty no pot."""
    small(monkeypatch, STRANGERS=20)

    async def work():
        async with await connect(dsn) as conn:
            for n in range(20):
                await prove(conn, "6.6", f"{n}{TO}", NOW - timedelta(days=30 - n))
            await prove(conn, "99.1", at=NOW - timedelta(days=1))
            for at in (NOW, NOW + core.HOMES_THERE.every):
                for n in range(20):
                    assert await ask(conn, f"all{at}{n}", at, f"1.{n}"), "strangers' are used up"
                said = [await ask(conn, f"{n}{TO}", at, "6.6", deliver=deliver) for n in range(20)]
                assert sum(said) == (5 if at == NOW else 1)
                assert await ask(conn, at=at, network="99.1"), "another's home is let in"

    run(work())


def test_who_takes_what_homes_have_takes_none_of_staffs(dsn, monkeypatch):
    """Members who are signed in have what homes have, with the same bound for a network."""
    small(monkeypatch, STRANGERS=1)

    async def work():
        async with await connect(dsn) as conn:
            assert await ask(conn, "x" + TO, network="1.1")
            said = [await ask(conn, f"{n}{TO}", network="2.2", asks="member") for n in range(9)]
            assert sum(said) == 5
            assert await ask(conn, network="2.3", asks="member"), "another network's has its own"
            assert await ask(conn, "y" + TO, network="2.2", asks="staff")

    run(work())


def test_what_staff_or_a_session_asks_for_is_not_strangers_to_use_up(dsn):
    async def work():
        async with await connect(dsn) as conn:
            assert [await ask(conn, network=f"1.{n}") for n in range(6)][-1] is False
            assert await ask(conn, network="5.5", asks="staff")
            assert await ask(conn, network="5.6", asks="member")

    run(work())


@pytest.mark.parametrize(
    ("network", "asks"), [("4.{}", "staff"), ("4.{}", "member"), ("", "staff")]
)
def test_a_session_with_many_networks_sends_ten_to_a_phone_and_one_more_every_two_hours(
    dsn, network, asks
):
    async def work():
        async with await connect(dsn) as conn:
            sent = 0
            for minutes in range(0, 24 * 60 + 1, 20):
                at, where = NOW + timedelta(minutes=minutes), network.format(minutes)
                sent += sum([await ask(conn, at=at, network=where, asks=asks) for _ in range(2)])
            assert sent == 22
            late = NOW + DAY
            assert await ask(conn, at=late, network="9.9"), "what strangers have is not touched"
            await prove(conn, "9.9", at=late)
            assert not await ask(conn, at=late, network="8.8", asks=asks)
            assert await ask(conn, at=late, network="9.9", asks=asks), "nor what a home has"

    run(work())


def test_what_is_forgotten_has_no_home(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await prove(conn, "99.1")
            await flows.forget_homes(conn, [("email", TO), ("external", "7")])
            assert (await (await conn.execute("SELECT FROM access.code_home")).fetchall()) == []

    run(work())


@pytest.mark.parametrize("deliver", [True, False])
def test_a_caller_who_asks_for_many_is_refused_and_another_is_not(dsn, deliver):
    async def work():
        async with await connect(dsn) as conn:

            async def one(number: int, address: str) -> object:
                return await flows.begin(
                    conn, "sign in", "email", f"{number}@example.org", None, NOW,
                    deliver=deliver, address=address,
                )  # fmt: skip

            said = [await one(i, f"2001:db8::{i:x}") for i in range(1, 25)]
            assert [refused(each) for each in said] == [False] * 20 + [True] * 4
            assert not refused(await one(99, "2001:db8:0:1::1"))
            assert not refused(await one(98, ""))

    run(work())


def strangers(monkeypatch, most: int) -> None:
    """So many messages to everybody."""
    monkeypatch.setattr(core, "STRANGERS", core.Bucket("strangers", most, DAY))


@pytest.mark.parametrize("known", [True, False])
def test_what_is_left_of_everybodys_tells_not_who_was_asked_for(dsn, monkeypatch, known):
    """One message left: it is gone after the target's, whether that was sent or pretended."""
    strangers(monkeypatch, 2)

    async def work():
        async with await connect(dsn) as conn:
            assert await ask(conn, "mine" + TO, network="1.1")
            assert await ask(conn, network="1.2", deliver=known)
            assert not await ask(conn, "probe" + TO, network="1.3")

    run(work())


def test_what_is_refused_is_counted_nowhere(dsn, monkeypatch):
    """One who goes on asking leaves everybody's messages, and other networks', as they were."""
    strangers(monkeypatch, 5)

    async def work():
        async with await connect(dsn) as conn:
            said = [await ask(conn, network="0.1") for _ in range(40)]
            assert said == [True] * 4 + [False] * 36, "four of a network"
            assert await ask(conn, network="0.2"), "and nobody else is locked out"
            full = "SELECT what, full_at FROM access.code_bucket ORDER BY what"
            before = await (await conn.execute(full)).fetchall()
            assert not await ask(conn, "x" + TO, network="0.2"), "five in all"
            after: dict[bytes, datetime] = dict(await (await conn.execute(full)).fetchall())
            assert [after.pop(what) for what, _ in before] == [at for _, at in before]
            assert set(after.values()) <= {NOW}, "what was looked at first is full"

    run(work())


@pytest.mark.parametrize("deliver", [False, True])
@pytest.mark.parametrize("spent", [1, 2])
def test_on_the_day_that_all_is_used_up_known_and_unknown_are_judged_alike(
    dsn, monkeypatch, spent, deliver
):
    strangers(monkeypatch, 2)

    async def work():
        async with await connect(dsn) as conn:
            for _ in range(spent):
                await flows.begin(conn, "sign in", "email", f"{uuid4()}@example.org", None, NOW)
            assert await ask(conn, f"{uuid4()}@example.org", deliver=deliver) is (spent == 1)

    run(work())


@pytest.mark.parametrize("back", [timedelta(days=400), timedelta(minutes=3), timedelta()])
def test_a_clock_that_was_ahead_once_locks_nobody_out(dsn, back):
    """Put right again, buckets are empty at worst, and fill in their time."""

    async def work():
        async with await connect(dsn) as conn:
            for n in range(9):
                await ask(conn, at=NOW + back, network=f"1.{n}")
            assert not await ask(conn, network="2.1"), "five were sent there"
            assert await ask(conn, "other" + TO, network="2.2") is (back < DAY)
            soon = NOW + core.STRANGERS.every + back % DAY
            assert await ask(conn, "new" + TO, soon, "2.3")
            later = NOW + core.DESTINATION.every + back % DAY
            assert [await ask(conn, at=later, network=f"3.{n}") for n in range(2)] == [True, False]

    run(work())


def test_many_beginnings_at_once_never_wait_in_a_ring(dsn):
    """All of one destination, from several networks: five are sent, no deadlock."""

    async def one(number: int) -> object:
        async with await connect(dsn) as conn:
            said = await flows.begin(
                conn, "sign in", "email", TO, None, NOW, address=f"10.0.{number % 3}.1"
            )
            await conn.commit()
            return said

    async def work():
        said = await asyncio.gather(*(one(number) for number in range(20)))
        assert sum(not refused(each) for each in said) == 5

    run(work())
