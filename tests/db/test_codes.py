"""Codes on a real server: tries, budgets, and what a dump would tell."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from support.database import connect, run
from tessera.access.codes import core, flows
from tessera.access.codes.core import Challenge, Proved
from tessera.base import installation
from tessera.base.installation import Installation
from tessera.base.refusal import Refusal

NOW = datetime(2026, 11, 22, 9, 3, tzinfo=UTC)
TO = "canary@example.org"
WRONG = core.not_proved()


def digits(text: str) -> str:
    """The code in a message."""
    found = re.search(r"\d{6}", text)
    assert found is not None, text
    return found[0]


async def begun(conn, to=TO, now=NOW, **more) -> tuple[Challenge, str]:
    """A challenge and its code, read from the message as the sweeper gets it."""
    challenge = await flows.begin(conn, "sign in", "email", to, None, now, **more)
    assert isinstance(challenge, Challenge), challenge
    await conn.commit()
    for message, _ in await flows.take_due(conn, now, 100):
        if message.id == challenge.id:
            await conn.commit()
            return challenge, digits(message.text)
    return challenge, ""


def test_a_code_proves_its_destination_once(dsn):
    async def work():
        who = uuid4()
        async with await connect(dsn) as conn:
            said = await flows.begin(conn, "claim", "phone", "+393331234567", who, NOW)
            assert isinstance(said, Challenge)
            ((message, times),) = await flows.take_due(conn, NOW, 10)
            code = digits(message.text)
            assert (message.to, message.channel, times) == ("+393331234567", "phone", 1)
            assert said.expires_at == NOW + timedelta(minutes=10)
            proved = await flows.prove(conn, said.id, f" {code} ", NOW)
            hashed = flows.destination("phone", "+393331234567")
            assert proved == Proved("claim", "phone", hashed, who)
            assert await flows.prove(conn, said.id, code, NOW) == WRONG

    run(work())


@pytest.mark.parametrize("late", [timedelta(minutes=10), timedelta(days=1)])
def test_a_late_code_proves_nothing(dsn, late):
    async def work():
        async with await connect(dsn) as conn:
            challenge, code = await begun(conn)
            assert await flows.prove(conn, challenge.id, code, NOW + late) == WRONG
            assert await flows.prove(conn, uuid4(), code, NOW) == WRONG

    run(work())


def test_of_many_tries_at_once_five_are_judged(dsn):
    """Each in a connection of its own; the right code among those that come too late is refused."""

    async def one(challenge, code):
        async with await connect(dsn) as conn:
            return await flows.prove(conn, challenge.id, code, NOW)

    async def work():
        async with await connect(dsn) as conn:
            challenge, code = await begun(conn)
            wrong = f"{(int(code) + 1) % 10**6:06}"
            said = await asyncio.gather(*(one(challenge, wrong) for _ in range(30)))
            assert said == [WRONG] * 30
            cursor = await conn.execute("SELECT tries FROM access.code_challenge")
            assert await cursor.fetchone() == (5,)
            assert await flows.prove(conn, challenge.id, code, NOW) == WRONG

    run(work())


def test_of_many_right_ones_at_once_one_proves(dsn):
    async def one(challenge, code):
        async with await connect(dsn) as conn:
            return await flows.prove(conn, challenge.id, code, NOW)

    async def work():
        async with await connect(dsn) as conn:
            challenge, code = await begun(conn)
        said = await asyncio.gather(*(one(challenge, code) for _ in range(20)))
        assert sum(isinstance(each, Proved) for each in said) == 1

    run(work())


def test_what_is_not_delivered_looks_the_same_and_proves_nothing(dsn):
    async def work():
        async with await connect(dsn) as conn:
            known = await flows.begin(conn, "sign in", "email", TO, None, NOW)
            other = await flows.begin(conn, "sign in", "email", "o" + TO, None, NOW, deliver=False)
            assert isinstance(known, Challenge) and isinstance(other, Challenge)
            assert known.expires_at == other.expires_at
            sizes = await conn.execute(
                "SELECT octet_length(sealed) FROM access.code_outbox ORDER BY octet_length(sealed)"
            )
            (short,), (long,) = await sizes.fetchall()
            assert long - short == 1  # the address is a letter longer
            ((message, _),) = await flows.take_due(conn, NOW, 10)
            assert message.id == known.id
            cursor = await conn.execute("SELECT count(*) FROM access.code_outbox")
            assert await cursor.fetchone() == (1,), "thrown away, not kept"
            for guess in range(5):
                assert await flows.prove(conn, other.id, f"{guess:06}", NOW) == WRONG

    run(work())


def refused(said: object) -> bool:
    return isinstance(said, Refusal) and said.code == "too_many_codes"


def test_a_destination_gets_three_messages_and_then_ten_a_day(dsn):
    async def work():
        async with await connect(dsn) as conn:
            at, sent = NOW, 0
            for _ in range(20):
                said = [await flows.begin(conn, "sign in", "email", TO, None, at) for _ in range(4)]
                sent += sum(not refused(each) for each in said)
                assert refused(said[3])
                at += timedelta(minutes=10)
            assert sent <= 10
            tomorrow = NOW + timedelta(days=1)
            assert not refused(await flows.begin(conn, "sign in", "email", TO, None, tomorrow))

    run(work())


@pytest.mark.parametrize("deliver", [True, False])
def test_an_address_that_asks_for_many_is_refused_and_another_is_not(dsn, deliver):
    async def work():
        async with await connect(dsn) as conn:

            async def ask(number: int, address: str) -> object:
                return await flows.begin(
                    conn, "sign in", "email", f"{number}@example.org", None, NOW,
                    deliver=deliver, address=address,
                )  # fmt: skip

            said = [await ask(i, f"2001:db8::{i:x}") for i in range(1, 25)]
            assert [refused(each) for each in said] == [False] * 20 + [True] * 4
            assert not refused(await ask(99, "2001:db8:0:1::1"))
            assert not refused(await ask(98, ""))

    run(work())


def test_pretended_messages_spend_nothing_of_the_days_total(dsn, monkeypatch):
    monkeypatch.setattr(core, "IN_ALL", ((timedelta(days=1), 2),))

    async def work():
        async with await connect(dsn) as conn:

            async def ask(*, deliver: bool) -> object:
                to = f"{uuid4()}@example.org"
                return await flows.begin(
                    conn, "sign in", "email", to, None, NOW, deliver=deliver
                )  # fmt: skip

            assert not any([refused(await ask(deliver=False)) for _ in range(5)])
            assert [refused(await ask(deliver=True)) for _ in range(3)] == [False, False, True]

    run(work())


def test_what_is_refused_is_counted_nowhere(dsn, monkeypatch):
    """One who goes on asking leaves everybody's messages, and other networks', as they were."""
    monkeypatch.setattr(core, "IN_ALL", ((timedelta(days=1), 5),))

    async def work():
        async with await connect(dsn) as conn:

            async def ask(to: str, address: str, at: datetime = NOW) -> object:
                return await flows.begin(conn, "sign in", "email", to, None, at, address=address)

            said = [await ask(TO, "10.0.0.1") for _ in range(40)]
            assert [refused(each) for each in said] == [False] * 3 + [True] * 37
            later = NOW + timedelta(minutes=10)
            said = [await ask(TO, "10.0.0.1", later) for _ in range(40)]
            assert [refused(each) for each in said] == [False] + [True] * 39, "four of a network"
            assert not refused(await ask(TO, "10.0.0.2", later)), "and nobody else is locked out"
            assert refused(await ask("x" + TO, "10.0.0.3", later)), "five in all"
            cursor = await conn.execute("SELECT used FROM access.code_budget ORDER BY used")
            assert [row[0] for row in await cursor.fetchall()][-1] == 5
            monkeypatch.setattr(core, "IN_ALL", ((timedelta(days=1), 9),))
            said = [await ask("x" + TO, "10.0.0.3", later) for _ in range(4)]
            assert [refused(each) for each in said] == [False] * 3 + [True]

    run(work())


@pytest.mark.parametrize("spent", [1, 2])
def test_on_the_day_that_all_is_used_up_known_and_unknown_are_judged_alike(dsn, monkeypatch, spent):
    monkeypatch.setattr(core, "IN_ALL", ((timedelta(days=1), 2),))

    async def work():
        async with await connect(dsn) as conn:
            for _ in range(spent):
                await flows.begin(conn, "sign in", "email", f"{uuid4()}@example.org", None, NOW)
            said = []
            for deliver in (False, True):
                to = f"{uuid4()}@example.org"
                said.append(
                    refused(await flows.begin(conn, "x", "email", to, None, NOW, deliver=deliver))
                )
            assert said == [spent == 2] * 2

    run(work())


def test_many_beginnings_at_once_never_wait_in_a_ring(dsn):
    """All of one destination, from several addresses: three are sent, no deadlock."""

    async def one(number: int) -> object:
        async with await connect(dsn) as conn:
            said = await flows.begin(
                conn, "sign in", "email", TO, None, NOW, address=f"10.0.0.{number % 3}"
            )
            await conn.commit()
            return said

    async def work():
        said = await asyncio.gather(*(one(number) for number in range(20)))
        assert sum(not refused(each) for each in said) == 3

    run(work())


def test_a_dump_tells_neither_the_code_nor_the_destination(dsn):
    async def work():
        async with await connect(dsn) as conn:
            challenge, code = await begun(conn)
            for table in ("code_challenge", "code_outbox", "code_budget"):
                name = sql.Identifier("access", table)
                cursor = await conn.execute(sql.SQL("SELECT t::text FROM {} AS t").format(name))
                for (row,) in await cursor.fetchall():
                    for word in (TO, TO.encode().hex(), code.encode().hex()):
                        assert word not in row
                    assert not re.search(rf"(?<![0-9a-f]){code}(?![0-9a-f])", row)
            return challenge

    run(work())


def test_another_installations_key_opens_nothing(dsn, monkeypatch):
    async def work():
        async with await connect(dsn) as conn:
            challenge, code = await begun(conn)
            monkeypatch.setattr(installation._here, "known", Installation(b"x" * 32))
            assert await flows.prove(conn, challenge.id, code, NOW) == WRONG
            later = NOW + core.LEASE
            assert await flows.take_due(conn, later, 10) == [], "thrown away: nobody can read it"

    run(work())


def test_a_taken_message_is_left_alone_until_its_lease_is_over(dsn):
    async def work():
        async with await connect(dsn) as one, await connect(dsn) as two:
            await flows.begin(one, "sign in", "email", TO, None, NOW)
            await one.commit()
            assert len(await flows.take_due(one, NOW, 10)) == 1
            assert await flows.take_due(two, NOW, 10) == [], "somebody is at it"
            await one.commit()
            assert await flows.take_due(two, NOW, 10) == []
            ((message, times),) = await flows.take_due(two, NOW + core.LEASE, 10)
            assert times == 2
            await flows.failed(two, [(message.id, times)], NOW)
            assert await flows.take_due(two, NOW + timedelta(seconds=4), 10) == []
            assert len(await flows.take_due(two, NOW + timedelta(seconds=5), 10)) == 1
            assert await flows.take_due(two, NOW + core.LIFE, 10) == [], "over: given up"
            cursor = await two.execute("SELECT count(*) FROM access.code_outbox")
            assert await cursor.fetchone() == (0,)

    run(work())


def test_what_is_over_is_forgotten_after_a_day(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await begun(conn)
            for at, left in ((NOW + timedelta(hours=24), 1), (NOW + timedelta(hours=49), 0)):
                await flows.forget(conn, at)
                cursor = await conn.execute("SELECT count(*) FROM access.code_challenge")
                assert await cursor.fetchone() == (left,)
            cursor = await conn.execute("SELECT count(*) FROM access.code_budget")
            assert await cursor.fetchone() == (0,)

    run(work())


def test_the_applications_role_can_do_all_of_it(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await conn.execute("SET ROLE tessera_app")
            challenge, code = await begun(conn)
            assert isinstance(await flows.prove(conn, challenge.id, code, NOW), Proved)
            await flows.forget(conn, NOW + timedelta(days=9))
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute("TRUNCATE access.code_challenge")

    run(work())


def test_a_key_file_is_made_once_and_is_its_owners(tmp_path):
    place = tmp_path / "deep" / "installation.key"
    key = installation.read_key(place)
    assert installation.read_key(place) == key and len(key) == 32
    assert place.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in place.parent.iterdir()] == ["installation.key"]
    place.write_text("nonsense")
    with pytest.raises(Exception, match="installation_key_invalid"):
        installation.read_key(place)


def test_marks_and_seals_are_of_one_purpose_and_one_key():
    one, two = Installation(b"1" * 32), Installation(b"2" * 32)
    assert one.mark("a", "b", "c") == Installation(b"1" * 32).mark("a", "b", "c")
    assert len({one.mark("a", "bc"), one.mark("ab", "c"), one.mark("a", "b", "c"),
                two.mark("a", "bc")}) == 4  # fmt: skip
    sealed = one.seal("x", b"plain")
    assert one.unseal("x", sealed) == b"plain"
    assert one.unseal("y", sealed) is None and two.unseal("x", sealed) is None
    assert one.unseal("x", sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert one.unseal("x", b"") is None
