"""Codes on a real server: tries, budgets, and what a dump would tell."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from support.codes import NOW, TO, begun, digits
from support.database import connect, run
from tessera.access.codes import core, flows
from tessera.access.codes.core import Challenge, Proved
from tessera.base import installation
from tessera.base.installation import Installation

WRONG = core.not_proved()


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


def test_a_dump_tells_neither_the_code_nor_the_destination(dsn):
    async def work():
        async with await connect(dsn) as conn:
            challenge, code = await begun(conn)
            for table in ("code_challenge", "code_outbox", "code_bucket", "code_home"):
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
            cursor = await conn.execute("SELECT count(*) FROM access.code_bucket")
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
