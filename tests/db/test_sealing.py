"""Sealed values of people, on a real server."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.database import connect, run
from tessera.access.sealing import cipher, flows
from tessera.base.ids import new_id

SAID = b"Canary \xc3\xa8 +39 333 1234567"


@given(st.binary(max_size=99), st.data())
def test_a_changed_byte_or_another_person_opens_nothing(plain, data):
    key, person = cipher.fresh_key(), new_id()
    sealed = cipher.seal(key, person, plain)
    assert cipher.unseal(key, person, sealed) == plain
    assert cipher.unseal(key, new_id(), sealed) is None
    assert cipher.unseal(cipher.fresh_key(), person, sealed) is None
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = sealed[:at] + bytes([sealed[at] ^ data.draw(st.integers(1, 255))]) + sealed[at + 1 :]
    assert cipher.unseal(key, person, changed) is None
    assert cipher.unseal(key, person, sealed[:at]) is None


def test_twice_the_same_says_nothing_alike(dsn):
    async def work():
        async with await connect(dsn) as conn:
            person = new_id()
            one, two = [await flows.seal(conn, person, SAID) for _ in range(2)]
            assert one != two and SAID not in one
            assert await flows.unseal(conn, person, one) == SAID
            opened = await flows.unseal_many(conn, [(person, one), (person, two), (new_id(), one)])
            assert list(opened.values()).count(SAID) == 2
            many = await flows.seal_many(conn, person, [SAID, None])
            assert many[1] is None and many[0] and await flows.unseal(conn, person, many[0]) == SAID

    run(work())


def test_what_was_sealed_is_gone_for_ever_when_its_key_is_destroyed(dsn):
    async def work():
        async with await connect(dsn) as conn:
            anna, bert, nobody = new_id(), new_id(), new_id()
            hers, his = await flows.seal(conn, anna, SAID), await flows.seal(conn, bert, SAID)
            for gone in (anna, anna, nobody):
                await flows.destroy(conn, gone)
            assert await flows.unseal(conn, anna, hers) is None
            assert await flows.unseal(conn, bert, his) == SAID
            for gone in (anna, nobody):
                later = await flows.seal(conn, gone, SAID)
                assert await flows.unseal(conn, gone, later) is None
            rows = await conn.execute("SELECT count(*) FROM access.seal_key WHERE key IS NOT NULL")
            assert await rows.fetchone() == (1,)

    run(work())


@pytest.mark.parametrize("times", [8])
def test_many_at_once_make_one_key(dsn, times):
    person = new_id()

    async def one() -> bytes:
        async with await connect(dsn) as conn:
            sealed = await flows.seal(conn, person, SAID)
            await conn.commit()
            return sealed

    async def work():
        made = await asyncio.gather(*(one() for _ in range(times)))
        async with await connect(dsn) as conn:
            opened = await flows.unseal_many(conn, [(person, sealed) for sealed in made])
            assert list(opened.values()) == [SAID] * times

    run(work())
