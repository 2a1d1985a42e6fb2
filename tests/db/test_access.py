"""Keys and writing calls on a real server."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from support.database import connect, run
from tessera.access import core, db, flows
from tessera.base.ids import new_id

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
TODAY = NOW.date()


IDLE, LIFE = timedelta(minutes=30), timedelta(hours=12)


def claim(principal: UUID, key: str, said: bytes = b"1") -> core.Claim:
    mark = core.fingerprint({"number": said})
    return core.Claim(principal, key, "receipt.confirm", mark, new_id(), NOW)


def test_a_key_opens_until_it_ends(dsn):
    async def work():
        async with await connect(dsn) as conn:
            till, token = await flows.issue_key(conn, "Till 1", "till", "0001", None, None, NOW)
            soon = NOW + timedelta(hours=1)
            short, brief = await flows.issue_key(conn, "Office", "owner", None, 7, soon, NOW)
            assert (till.rate_per_s, short.rate_per_s) == (200, 7)
            assert core.is_token(token) and core.is_token(brief)
            mark, other = core.token_hash(token), core.token_hash(brief)
            assert await db.find_principal(conn, mark, NOW) == till
            assert await db.find_principal(conn, other, NOW) == short
            assert await db.find_principal(conn, other, soon) is None
            assert await db.find_principal(conn, core.token_hash("tsr_t"), NOW) is None
            gone = await db.revoke_key(conn, till.id, NOW)
            assert gone is not None and gone.revoked_at == NOW
            assert await db.revoke_key(conn, till.id, soon) == gone
            assert await db.revoke_key(conn, new_id(), NOW) is None
            assert await db.find_principal(conn, mark, NOW) is None
            listed = await db.list_keys(conn, None, 10)
            assert [key.id for key in listed] == [till.id, short.id]
            assert [key.id for key in await db.list_keys(conn, till.id, 10)] == [short.id]

    run(work())


def test_a_token_is_nowhere_in_the_database(dsn):
    async def work():
        async with await connect(dsn) as conn:
            _, token = await flows.issue_key(conn, "Till 1", "till", "0001", None, None, NOW)
            cursor = await conn.execute("SELECT k::text FROM access.api_key AS k")
            (row,) = (await cursor.fetchone()) or ("",)
            assert token not in row and token.encode().hex() not in row

    run(work())


def test_a_till_s_key_without_a_store_does_not_exist(dsn):
    async def work():
        async with await connect(dsn) as conn:
            nobody = core.KeyTerms(name="x", role="till")
            with pytest.raises(psycopg.errors.CheckViolation):
                await db.add_key(conn, new_id(), nobody, core.token_hash("x"), NOW)

    run(work())


async def office(conn) -> core.Principal:
    return (await flows.issue_key(conn, "Office", "owner", None, None, None, NOW))[0]


def test_a_claim_is_known_with_its_answer(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await db.prepare_days(conn, TODAY)
            one, two = claim(UUID(int=1), "a"), claim(UUID(int=1), "b")
            long = b'{"text": "' + b"point " * 300 + b'"}'
            async with conn.pipeline():
                cursor = await db.ask_claims(conn, [two, one])
                day = core.answer_day(NOW)
                answers = [(day, one.outcome_id, 200, long), (day, two.outcome_id, 422, b"{}")]
                await db.save_answers(conn, answers)
                taken = await db.claimed(cursor)
            await conn.commit()
            assert taken == {(UUID(int=1), "a"), (UUID(int=1), "b")}
            assert await db.claimed(await db.ask_claims(conn, [claim(UUID(int=1), "a")])) == set()
            keys = [(UUID(int=1), "a"), (UUID(int=1), "b"), (UUID(int=2), "a")]
            known = await db.known(conn, keys)
            assert set(known) == set(keys[:2])
            found = core.judge(known[keys[0]], one)
            assert found == core.Replay(one.outcome_id, NOW, 200, long, one.operation)
            await conn.execute("DELETE FROM access.answer")
            found = core.judge((await db.known(conn, keys))[keys[0]], one)
            assert found == core.Replay(one.outcome_id, NOW, None, None, one.operation)

    run(work())


def test_a_rolled_back_claim_leaves_the_key_free(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await db.ask_claims(conn, [claim(UUID(int=1), "a")])
            await conn.rollback()
            taken = await db.claimed(await db.ask_claims(conn, [claim(UUID(int=1), "a")]))
            assert taken == {(UUID(int=1), "a")}

    run(work())


def test_one_key_twice_in_a_batch_is_our_bug(dsn):
    async def work():
        async with await connect(dsn) as conn:
            with pytest.raises(AssertionError):
                await db.ask_claims(conn, [claim(UUID(int=1), "a"), claim(UUID(int=1), "a")])

    run(work())


def test_of_many_parallel_calls_with_one_key_exactly_one_claims_it(dsn):
    async def attempt(start: asyncio.Event, number: int) -> int:
        async with await connect(dsn) as conn:
            await start.wait()
            # every batch has keys of its own around the common ones, in an order of its own
            own = claim(UUID(int=number + 10), f"{number:03}")
            wanted = [claim(UUID(int=2), "common"), own, claim(UUID(int=1), "common")]
            batch = wanted if number % 2 else wanted[::-1]
            cursor = await db.ask_claims(conn, batch)
            taken = await db.claimed(cursor)
            assert (own.principal_id, own.key) in taken
            if len(taken) == 1:  # read after the claim: the winner has committed
                known = await db.known(conn, [(UUID(int=1), "common"), (UUID(int=2), "common")])
                assert len(known) == 2
            await asyncio.sleep(0.002)
            await conn.commit()
            return len(taken)

    async def work():
        start = asyncio.Event()
        tries = [asyncio.create_task(attempt(start, number)) for number in range(16)]
        start.set()
        assert sorted(await asyncio.gather(*tries)) == [1] * 15 + [3]

    run(work())


async def days(conn) -> list[str]:
    cursor = await conn.execute(
        "SELECT relname::text FROM pg_class JOIN pg_inherits ON oid = inhrelid"
        " WHERE inhparent = 'access.answer'::regclass AND relname <> 'answer_default'"
        " ORDER BY relname"
    )
    return [name for (name,) in await cursor.fetchall()]


def test_days_come_and_go(dsn):
    async def work():
        async with await connect(dsn) as conn:
            assert await db.prepare_days(conn, TODAY)
            assert await db.prepare_days(conn, TODAY)
            names = await days(conn)
            assert len(names) == 8 and names[0] == "answer_20261121"
            late = date(2027, 3, 1)  # nobody asked for months
            await db.save_answers(conn, [(TODAY, new_id(), 200, b"old")])
            await db.save_answers(conn, [(late, new_id(), 200, b"waits in the common one")])
            assert await db.prepare_days(conn, late)
            names = await days(conn)
            assert len(names) == 7 and names[0] == "answer_20270302"
            cursor = await conn.execute("SELECT count(*) FROM access.answer")
            assert await cursor.fetchone() == (1,)
            assert await db.prepare_days(conn, late + timedelta(days=36))
            cursor = await conn.execute("SELECT count(*) FROM access.answer")
            assert await cursor.fetchone() == (0,)

    run(work())


def test_an_answer_is_kept_for_35_days(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await db.prepare_days(conn, TODAY)
            await db.save_answers(conn, [(TODAY, new_id(), 200, b"x")])
            for age, left in ((35, 1), (36, 0)):
                assert await db.prepare_days(conn, TODAY + timedelta(days=age))
                cursor = await conn.execute("SELECT count(*) FROM access.answer")
                assert await cursor.fetchone() == (left,)

    run(work())


def test_the_application_prepares_days_without_the_owner_s_rights(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await conn.execute("SET ROLE tessera_app")
            assert await db.prepare_days(conn, TODAY)
            await db.save_answers(conn, [(TODAY, new_id(), 200, b"x")])
            await db.ask_claims(conn, [claim(UUID(int=1), "a")])

    run(work())


def test_days_do_not_queue_behind_a_backup(dsn):
    async def work():
        async with await connect(dsn) as backup, await connect(dsn) as conn:
            await backup.execute("SELECT count(*) FROM access.answer")  # and stays open
            assert not await db.prepare_days(conn, TODAY)
            await db.save_answers(conn, [(TODAY, new_id(), 200, b"x")])
            await conn.commit()
            await backup.rollback()
            assert await db.prepare_days(conn, TODAY)

    run(work())


def test_two_processes_prepare_days_at_once(dsn):
    async def attempt() -> bool:
        async with await connect(dsn) as conn:
            return await db.prepare_days(conn, TODAY)

    async def work():
        assert all(await asyncio.gather(*(attempt() for _ in range(4))))
        async with await connect(dsn) as conn:
            assert len(await days(conn)) == 8

    run(work())
