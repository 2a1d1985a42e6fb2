"""The log on a real server: entries are chained, never changed, and a tampered one is named."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from support.database import connect, run
from tessera.access.audit import core, db, flows
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.sealing import flows as sealing
from tessera.base.ids import new_id

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ANNA_ID = new_id()
ANNA = Actor("staff", ANNA_ID, "Anna", "owner", "192.0.2.7")
KEY = Actor("key", new_id(), "Till 1", "till")
CHAIN = ANNA_ID.int % core.CHAINS


def entry(actor: Actor = ANNA, number: int = 0, **more) -> Entry:
    change = Change("store", f"S{number}", {"name": "old"}, {"name": f"new {number}"})
    return Entry(NOW + timedelta(seconds=number), actor, "store.put", change, **more)


async def written(conn, count: int = 5) -> None:
    for number in range(count):
        await flows.note(conn, entry(number=number, outcome_id=new_id()))
    await conn.commit()


async def proved(dsn, sealed=()) -> flows.Report:
    async with await connect(dsn) as conn:
        return await flows.prove(conn, sealed)


async def found(conn, asked=None, last=None, limit=50):
    return await db.search(conn, asked or db.Asked(), last, limit)


def test_what_was_done_is_read_again_as_it_was_said(dsn):
    async def work():
        async with await connect(dsn) as conn:
            change = Change("member", new_id(), None, {"b": 1, "a": [True, None]}, reason="asked")
            outcome, approval = new_id(), new_id()
            await flows.note(
                conn, Entry(NOW, KEY, "member.change", change, "done", outcome, approval)
            )
            await conn.commit()
            (line,) = await found(conn)
            assert (line.at, line.principal_kind, line.principal_id) == (NOW, "key", KEY.id)
            assert (line.principal_name, line.role, line.address) == ("Till 1", "till", "")
            assert (line.operation, line.outcome, line.reason) == ("member.change", "done", "asked")
            assert (line.subject_kind, line.subject_id) == ("member", str(change.id))
            assert (line.outcome_id, line.approval_id, line.person) == (outcome, approval, None)
            assert line.fields == "b,a"
            assert await flows.values(conn, line) == (None, {"a": [True, None], "b": 1}, False)
            assert await db.read(conn, line.chain, line.seq) == line
            assert await db.read(conn, line.chain, line.seq + 1) is None

    run(work())


def test_a_persons_values_open_with_the_persons_key_only(dsn):
    async def work():
        async with await connect(dsn) as conn:
            person = new_id()
            change = Change("member", person, {"name": "Canary"}, {"name": "Robin"}, person)
            await flows.note(conn, Entry(NOW, ANNA, "member.change", change))
            await conn.commit()
            (line,) = await found(conn)
            assert line.fields == "name" and line.person == person
            row = await (await conn.execute("SELECT a::text FROM access.audit AS a")).fetchone()
            assert row is not None
            for said in ("Canary", "Robin"):
                assert said not in row[0] and said.encode().hex() not in row[0]
            assert await flows.values(conn, line) == ({"name": "Canary"}, {"name": "Robin"}, False)
            await sealing.destroy(conn, person)
            assert await flows.values(conn, line) == (None, None, True)
            await conn.commit()
        assert (await proved(dsn)).differences == []

    run(work())


def test_a_change_without_values_makes_no_key(dsn):
    async def work():
        async with await connect(dsn) as conn:
            person = new_id()
            change = Change("member", person, None, None, person, "asked")
            await flows.note(conn, Entry(NOW, ANNA, "member.erase", change))
            keys = await conn.execute("SELECT FROM access.seal_key")
            assert await keys.fetchall() == []

    run(work())


def test_what_is_rolled_back_was_never_written(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await flows.note(conn, entry())
            await conn.rollback()
            await flows.note(conn, entry(number=1))
            await conn.commit()
            (line,) = await found(conn)
            assert line.seq == 1
        assert (await proved(dsn)).differences == []

    run(work())


def test_many_at_once_make_chains_without_gaps(dsn):
    actors = [Actor("key", new_id(), f"key {n}") for n in range(6)]

    async def one(number: int) -> None:
        async with await connect(dsn) as conn:
            for turn in range(5):
                await flows.note(
                    conn, entry(actors[(number + turn) % 6], number), entry(ANNA, turn)
                )
                await conn.commit()

    async def work():
        await asyncio.gather(*(one(number) for number in range(8)))
        report = await proved(dsn)
        assert (report.entries, report.differences) == (80, [])

    run(work())


def test_lists_are_searched_and_paged(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await written(conn)
            why = Change("key", "k", None, None, reason="Lost on the TRAIN")
            await flows.note(conn, Entry(NOW, KEY, "key.revoke", why))
            await conn.commit()
            everything = await found(conn)
            assert [line.at for line in everything] == sorted(
                (line.at for line in everything), reverse=True
            )
            paged, last = [], None
            while page := await found(conn, last=last, limit=2):
                paged += page
                last = (page[-1].at, page[-1].chain, page[-1].seq)
            assert paged == everything and len(paged) == 6

            async def count(**asked):
                return len(await found(conn, db.Asked(**asked)))

            assert await count(principal=KEY.id) == 1
            assert await count(operation="store.put") == 5
            assert await count(subject="S3") == 1
            assert await count(reason="on the train") == 1
            assert await count(reason="%") == 0
            since = NOW + timedelta(seconds=1)
            assert await count(since=since) == 4 and await count(until=since) == 2
            assert await count(principal=KEY.id, operation="store.put") == 0

    run(work())


# What the application may not -------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access.audit SET reason = 'other'",
        "DELETE FROM access.audit",
        "TRUNCATE access.audit",
        "DELETE FROM access.audit_head",
        "INSERT INTO access.audit_head VALUES (9, 0, '')",
        "UPDATE access.audit_head SET chain = 9",
        "DELETE FROM access.seal_key",
        "DELETE FROM access.approval",
        "UPDATE access.approval SET payload = ''",
    ],
)
def test_the_application_may_not(dsn, change):
    async def work():
        async with await connect(dsn) as conn:
            await written(conn, 1)
            await conn.execute("SET ROLE tessera_app")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute(change)

    run(work())


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE access.audit SET reason = 'other'",
        "DELETE FROM access.audit",
        "TRUNCATE access.audit",
        "DELETE FROM access.audit_head",
    ],
)
def test_the_owner_may_not_either_while_the_triggers_are_on(dsn, change):
    async def work():
        async with await connect(dsn) as conn:
            await written(conn, 1)
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                await conn.execute(change)

    run(work())


# Tampering: what the owner of the database can do when the triggers are off ----------------------


@dataclass(frozen=True)
class Tampering:
    """What is done, and the sentence that names it. C is the chain."""

    name: str
    changes: str
    named: str


OTHERS = {
    "seq": None, "chain": None, "hash": "sha256('x')", "at": "at - interval '1 microsecond'",
    "principal_kind": "'key'", "principal_id": "NULL", "principal_name": "'Anne'",
    "role": "'manager'", "address": "''", "operation": "'store.list'", "outcome": "'refused'",
    "subject_kind": "'key'", "subject_id": "'S9'", "fields": "''", "before": "NULL",
    "after": "'{}'", "person_id": "gen_random_uuid()", "reason": "'because'",
    "outcome_id": "NULL", "approval_id": "gen_random_uuid()",
}  # fmt: skip
TAMPERINGS = [
    Tampering(
        "one taken away", "DELETE FROM access.audit WHERE seq = 3",
        "entry C-3 was taken away: the next is C-4",
    ),
    Tampering(
        "the first two taken away", "DELETE FROM access.audit WHERE seq < 3",
        "entry C-1 to C-2 was taken away: the next is C-3",
    ),
    Tampering(
        "the last cut off", "DELETE FROM access.audit WHERE seq > 3",
        "entry C-4 to C-5 was cut off: the head counts them",
    ),
    Tampering(
        "all cut off", "DELETE FROM access.audit",
        "entry C-1 to C-5 was cut off: the head counts them",
    ),
    Tampering(
        "one taken away, the rest moved up",
        "DELETE FROM access.audit WHERE seq = 3;"
        " UPDATE access.audit SET seq = seq - 1 WHERE seq > 3",
        "entry C-3 (store.ID by KIND) was changed, put in or displaced",
    ),
    Tampering(
        "two in each other's place",
        "UPDATE access.audit SET seq = -seq WHERE seq IN (2, 4);"
        " UPDATE access.audit SET seq = 6 + seq WHERE seq < 0",
        "entry C-2 (store.ID by KIND) was changed, put in or displaced",
    ),
    Tampering(
        "one put in at the end",
        "CREATE TEMP TABLE forged AS SELECT * FROM access.audit WHERE seq = 5;"
        " UPDATE forged SET seq = 6; INSERT INTO access.audit SELECT * FROM forged",
        "entry C-6 (store.ID by KIND) was changed, put in or displaced",
    ),
    Tampering(
        "one moved to another chain",
        "UPDATE access.audit SET chain = (chain + 1) % 8 WHERE seq = 5",
        "entry C-5 to C-5 was cut off: the head counts them",
    ),
    Tampering(
        "one moved to a chain that is none", "UPDATE access.audit SET chain = 99 WHERE seq = 5",
        "entry 99-5 is in no chain",
    ),
    Tampering(
        "the head put back", "UPDATE access.audit_head SET seq = 4 WHERE seq = 5",
        "the head of chain C does not fit entry C-5",
    ),
    Tampering(
        "the head's hash", "UPDATE access.audit_head SET hash = '' WHERE seq = 5",
        "the head of chain C does not fit entry C-5",
    ),
    Tampering(
        "a head taken away", "DELETE FROM access.audit_head WHERE seq = 5",
        "chain C has lost its head",
    ),
]  # fmt: skip


async def tamper(dsn: str, changes: str) -> None:
    async with await connect(dsn) as conn:
        await conn.execute("SET session_replication_role = replica")
        for change in changes.split(";"):
            await conn.execute(sql.SQL(change))
        await conn.commit()


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda each: each.name)
def test_whatever_is_tampered_with_is_named(dsn, tampering):
    async def work():
        async with await connect(dsn) as conn:
            await written(conn)
        assert (await proved(dsn)).differences == []
        await tamper(dsn, tampering.changes)
        differences = (await proved(dsn)).differences
        named = re.escape(tampering.named.replace("C-", f"{CHAIN}-"))
        named = named.replace("chain\\ C", f"chain {CHAIN}")
        named = named.replace("ID", r"\w+").replace("KIND", r".+")
        assert any(re.fullmatch(named, each) for each in differences), differences

    run(work())


def test_a_change_of_any_column_is_named(dsn):
    columns = [column for column, value in OTHERS.items() if value is not None]

    async def work():
        async with await connect(dsn) as conn:
            await written(conn, 2 * len(columns))
        await tamper(
            dsn,
            ";".join(
                f"UPDATE access.audit SET {column} = {OTHERS[column]} WHERE seq = {2 * number}"  # noqa: S608 - ours
                for number, column in enumerate(columns, 1)
            ),
        )
        differences = (await proved(dsn)).differences
        chain = CHAIN
        for number, column in enumerate(columns, 1):
            assert any(each.startswith(f"entry {chain}-{2 * number} (") for each in differences), (
                column
            )

    run(work())


def test_every_column_is_tampered_with():
    assert set(OTHERS) == {
        {"person": "person_id"}.get(name, name) for name in core.Line.__struct_fields__
    }


FORGED = """
UPDATE access.audit SET reason = 'because' WHERE seq = 3
"""


async def chained_anew(dsn: str) -> None:
    """Every hash made again, as somebody could who has read this code."""
    async with await connect(dsn) as conn:
        await conn.execute("SET session_replication_role = replica")
        before = b""
        lines = [line async for line in db.every(conn)]
        for line in lines:
            before = core.digest(line, before)
            await conn.execute(
                "UPDATE access.audit SET hash = %s WHERE chain = %s AND seq = %s",
                (before, line.chain, line.seq),
            )
        await conn.execute(
            "UPDATE access.audit_head SET hash = %s, seq = %s WHERE chain = %s",
            (before, lines[-1].seq, lines[-1].chain),
        )
        await conn.commit()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        (FORGED, "entry C-5 is not as in the seal: it, or one before it, was written anew"),
        (
            "DELETE FROM access.audit WHERE seq > 3",
            "entry C-5 is in the seal and is gone: the chain was cut off or written anew",
        ),
    ],
)
def test_a_chain_written_anew_shows_against_a_seal(dsn, changes, named):
    async def work():
        async with await connect(dsn) as conn:
            await written(conn)
            sealed = await flows.seal(conn)
            await conn.commit()
            await flows.note(conn, entry(KEY))
            await conn.commit()
        assert (await proved(dsn, sealed)).differences == []
        async with await connect(dsn) as conn:
            await conn.execute("SET session_replication_role = replica")
            await conn.execute("DELETE FROM access.audit WHERE chain <> %s", [CHAIN])
            await conn.commit()
        await tamper(dsn, changes)
        await chained_anew(dsn)
        found = (await proved(dsn, [head for head in sealed if head.chain == CHAIN])).differences
        assert named.replace("C-", f"{CHAIN}-") in found

    run(work())
