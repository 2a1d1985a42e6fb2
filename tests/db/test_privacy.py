"""Erasures that a restored backup must not undo, and what goes by itself."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from support import database
from support.database import connect, run
from support.people import EMAIL, PHONE, card, opened
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors import erasures, traces
from tessera.doors.erasures import Line
from tessera.doors.incidents import Incidents
from tessera.doors.keeping import Keeping
from tessera.doors.pools import UPKEEP, Pool
from tessera.doors.uploads import Uploads
from tessera.identity.households import flows as households
from tessera.identity.merging import flows as merging
from tessera.identity.privacy import flows
from tessera.identity.privacy.core import Asking, Erased, before_months
from tessera.members import db as members_db
from tessera.members import flows as members
from tessera.members.core import NewMember
from tessera.members.households import db as households_db
from tessera.members.households.core import Households
from tessera.members.privacy.core import Privacy
from tessera.rules.core.words import Program
from tessera.warehouse.core import Identifier
from tessera.warehouse.privacy import db as warehouse_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLAIN = Program(name="Plain", currency="EUR", rules=())
ASKED = Asking("member", "asked by the member", None, PLAIN.lives)


def persons(dsn: str) -> int:
    with psycopg.connect(dsn) as conn:
        row = conn.execute("SELECT count(*) FROM members.person").fetchone()
    assert row is not None
    return int(row[0])


async def joined(conn: database.Conn, serial: int, when: datetime) -> UUID:
    new = NewMember((card(serial),), "Anna", "Rossi")
    done = await members.register(conn, new, when, new_id(), new_id())
    assert not isinstance(done, Refusal), done
    return done.member_id


async def erased(dsn: str, member: UUID) -> Erased | Refusal:
    async with await connect(dsn) as conn:
        return await flows.erase(conn, member, ASKED, NOW)


def test_a_restored_backup_forgets_again_what_was_erased(server, dsn, tmp_path):
    async def register() -> UUID:
        async with await opened(dsn) as conn:
            done = await joined(conn, 1, NOW)
            await conn.commit()
            return done

    member, listed = run(register()), tmp_path / erasures.NAME
    backup = f"tessera_backup_{uuid4().hex[:12]}"
    with psycopg.connect(dsn) as conn:
        here = conn.info.dbname
    database.make(server, backup, here)
    try:
        restored = database.at(server, backup)
        assert isinstance(run(erased(dsn, member)), Erased)

        async def write_down() -> int:
            async with await connect(dsn) as conn:
                last = await erasures.write_down(conn, listed)
                assert await erasures.write_down(conn, listed, last) == last
                return len(erasures.read(listed))

        async def replay() -> int:
            async with await connect(restored) as conn:
                return (await erasures.replay(conn, listed, PLAIN, NOW)).erased

        assert (run(write_down()), run(write_down())) == (1, 1), "each once"
        assert (persons(dsn), persons(restored)) == (0, 1)
        assert (run(replay()), run(replay())) == (1, 0)
        assert persons(restored) == 0
        assert "Anna" not in listed.read_text(encoding="utf-8")
    finally:
        database.drop(server, backup)


@given(st.lists(st.uuids(), max_size=5), st.binary(max_size=80), st.lists(st.uuids(), max_size=3))
def test_a_list_that_a_crash_cut_short_goes_on(tmp_path_factory, before, cut, after):
    path = tmp_path_factory.mktemp("list") / erasures.NAME
    first, then = ([Line(each, NOW) for each in some] for some in (before, after))
    erasures.append(path, first)
    with path.open("ab") as file:
        file.write(cut.replace(b"\n", b""))
    assert erasures.read(path) == first
    erasures.append(path, then)
    assert erasures.read(path) == first + then


def test_a_list_of_something_else_is_refused_and_not_skipped(tmp_path):
    path: Path = tmp_path / erasures.NAME
    path.write_text("name,phone\nAnna,+39\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1"):
        erasures.read(path)


def test_two_processes_lose_no_line_of_each_other(tmp_path):
    path, lines = tmp_path / erasures.NAME, [Line(uuid4(), NOW) for _ in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda line: erasures.append(path, [line, lines[0]]), lines))
    found = [line.member_id for line in erasures.read(path)]
    assert len(found) == 200 and set(found) == {line.member_id for line in lines}


def test_only_who_is_in_the_list_is_erased_again(dsn, tmp_path):
    """The backup still has two members merged that were parted later; one was erased then."""

    async def work() -> None:
        async with await opened(dsn) as conn:
            one, other = await joined(conn, 1, NOW), await joined(conn, 2, NOW)
            ask = merging.Ask(new_id(), new_id(), NOW, "one person", PLAIN.lives)
            done = await merging.merge(conn, ask, one, other)
            assert not isinstance(done, Refusal)
            await conn.commit()
            listed = tmp_path / erasures.NAME
            erasures.append(listed, [Line(one, NOW)])
            again = await erasures.replay(conn, listed, PLAIN, NOW)
            assert (again.erased, again.waiting, [*again.parted.values()]) == (1, {}, [one])
            still = await members_db.read_member(conn, other)
            assert still is not None and still.id == other and still.given_name == "Anna"

    run(work())
    assert persons(dsn) == 1


@pytest.mark.parametrize("merges", [((0, 1), (0, 2)), ((0, 1), (2, 0))])
def test_whoever_was_parted_stays_where_a_later_merge_covers_it(dsn, tmp_path, merges):
    """All three were one when the backup was made; the second of them was nobody else's."""

    async def work() -> None:
        async with await opened(dsn) as conn:
            people = [await joined(conn, number, NOW) for number in (1, 2, 3)]
            for into, other in merges:
                ask = merging.Ask(new_id(), new_id(), NOW, "one person", PLAIN.lives)
                done = await merging.merge(conn, ask, people[into], people[other])
                assert not isinstance(done, Refusal)
            await conn.commit()
            listed = tmp_path / erasures.NAME
            erasures.append(listed, [Line(people[each], NOW) for each in (0, 2)])
            again = await erasures.replay(conn, listed, PLAIN, NOW)
            assert (again.erased, again.waiting, len(again.parted)) == (2, {}, 2)
            still = await members_db.read_member(conn, people[1])
            assert still is not None and still.id == people[1] and still.given_name == "Anna"

    run(work())
    assert persons(dsn) == 1


HOMES = replace(PLAIN, households=Households())


async def one_with_a_household(conn: database.Conn, *guests: UUID) -> tuple[UUID, UUID]:
    """Two merged members, the one who stayed first; that one is the head of a household since."""
    anna, berta = await joined(conn, 1, NOW), await joined(conn, 2, NOW)
    ask = merging.Ask(new_id(), anna, NOW, "one person", PLAIN.lives)
    assert not isinstance(await merging.merge(conn, ask, anna, berta), Refusal)
    home = await households.found(conn, asks(), anna)
    assert not isinstance(home, Refusal)
    for each in guests:
        asked = await households.invite(conn, asks(), home.id, each, "member", None)
        assert not isinstance(asked, Refusal)
        came = await households.answer(conn, asks(), asked.id, accept=True)
        assert not isinstance(came, Refusal)
    await conn.commit()
    return anna, berta


def asks() -> households.Ask:
    return households.Ask(new_id(), uuid4(), None, NOW, HOMES.households, PLAIN.lives)


def test_who_founded_a_household_since_the_merge_is_not_erased_with_the_other(dsn, tmp_path):
    """Anna left it, they were parted, Berta was erased: of all that the backup knows nothing."""

    async def work() -> None:
        async with await opened(dsn) as conn:
            anna, berta = await one_with_a_household(conn)
            erasures.append(tmp_path / erasures.NAME, [Line(berta, NOW)])
            done = await erasures.replay(conn, tmp_path / erasures.NAME, HOMES, NOW)
            assert (done.erased, done.waiting) == (1, {})
            still = await members_db.read_member(conn, anna)
            assert still is not None and still.id == anna and still.given_name == "Anna"

    run(work())
    assert persons(dsn) == 1


@pytest.mark.parametrize("again", ["at the next turn", "at the next start"])
def test_as_long_as_a_merge_cannot_be_undone_nobody_is_erased_and_it_is_told(dsn, tmp_path, again):
    """The head of others does not go; once another is the head, Berta is erased by herself."""
    listed = tmp_path / erasures.NAME

    async def register(pool: Pool, incidents: Incidents) -> dict[str, tuple[str, bool]]:
        await incidents.write(pool)
        async with pool.connection() as conn:
            rows = await conn.execute(
                "SELECT kind, detail, ended_at IS NULL FROM incidents.incident"
            )
            return {kind: (detail, open_) for kind, detail, open_ in await rows.fetchall()}

    async def work() -> None:
        async with await opened(dsn) as conn, UPKEEP.pool(dsn) as pool:
            carla = await joined(conn, 3, NOW)
            anna, berta = await one_with_a_household(conn, carla)
            erasures.append(listed, [Line(berta, NOW)])
            incidents = Incidents()
            keeping = Keeping(pool, listed, lambda: HOMES, incidents)
            await keeping.open()
            assert persons(dsn) == 2, "Anna, who is Berta too, and Carla"
            ((kind, (told, open_)),) = (await register(pool, incidents)).items()
            assert kind == "erasure_waits" and open_, "as long as she is served"
            assert told.startswith(f"1: {berta}: ") and "Anna" not in told
            await conn.execute("UPDATE incidents.incident SET ended_at = now(), closed_by = 'Ada'")
            await conn.commit()
            await keeping.turn()
            assert (await register(pool, incidents))[kind][1], "closed, but she is still there"
            home = await households_db.of_member(conn, anna)
            assert home is not None
            await households.change(conn, asks(), home, carla, "head", None)
            await conn.commit()
            if again == "at the next turn":
                await keeping.turn()
            else:
                incidents = Incidents()
                await Keeping(pool, listed, lambda: HOMES, incidents).open()
            assert persons(dsn) == 2, "Anna and Carla"
            still = await members_db.read_member(conn, berta)
            assert still is not None and still.id == berta and still.erased_at is not None
            told_ = await register(pool, incidents)
            assert told_["erasure_waits"][1] is False, "over"
            assert str(anna) in told_["parted_again"][0], "they may have been merged again since"

    run(work())
    with psycopg.connect(dsn) as conn:
        noted = (
            "SELECT subject_kind, count(*) FROM access.audit WHERE operation = 'replay' GROUP BY 1"
        )
        assert dict(conn.execute(noted).fetchall()) == {"member": 2, "merge": 1}, "left, erased"


@pytest.mark.parametrize("said", [{"phone": "333 123 4567"}, {"deep": [{"m": "ANNA@example.org "}]},
                                  {"card": 2900000000018}])  # fmt: skip
def test_a_record_that_names_the_person_otherwise_is_blanked(dsn, said):
    names = [PHONE, EMAIL, Identifier("card", "2900000000018")]

    async def work() -> int:
        async with await connect(dsn) as conn:
            await conn.execute(
                "WITH l AS (INSERT INTO warehouse.load (id, source, source_hash, mapping, phase,"
                " done, tally, started_at) VALUES (gen_random_uuid(), 'f', '', 'm', 'done', 0,"
                " '{}', now()) RETURNING id) INSERT INTO warehouse.quarantine"
                " SELECT 'm', n, id, 1, 'c', '', 'w', r::jsonb FROM l,"
                " (VALUES ('1', %s), ('2', '{\"phone\": \"333 999 0000\"}'))"
                " AS v (n, r)", (json.dumps(said),),
            )  # fmt: skip
            return await warehouse_db.forget_quarantined(conn, names)

    assert run(work()) == 1


def test_a_return_that_waits_under_the_name_of_who_is_erased_goes_to_quarantine(dsn):
    async def work() -> list[tuple[str, str, str]]:
        async with await connect(dsn) as conn:
            await conn.execute(
                "WITH l AS (INSERT INTO warehouse.load (id, source, source_hash, mapping, phase,"
                " done, tally, started_at) VALUES (gen_random_uuid(), 'f', '', 'm', 'returns', 0,"
                " '{}', now()) RETURNING id) INSERT INTO warehouse.waiting_return"
                " SELECT 'm', n, id, 7, who, '{}', NULL FROM l,"
                " (VALUES ('1', '+39 333 123 4567'), ('2', 'ANNA@example.org'), ('3', 'Ada'))"
                " AS v (n, who)"
            )
            await warehouse_db.forget_quarantined(conn, [PHONE, EMAIL])
            rows = await conn.execute(
                "SELECT number, code, record::text FROM warehouse.quarantine"
                " UNION ALL SELECT number, 'waits', member FROM warehouse.waiting_return ORDER BY 1"
            )
            return await rows.fetchall()

    gone = [(number, "member_erased", "{}") for number in ("1", "2")]
    assert run(work()) == [*gone, ("3", "waits", "Ada")], "none is lost"


def test_nobody_is_erased_who_does_not_exist(dsn):
    said = run(erased(dsn, uuid4()))
    assert isinstance(said, Refusal) and said.code == "member_unknown"


def test_who_did_nothing_for_the_said_months_is_erased_and_nobody_else(dsn):
    said = [PLAIN, replace(PLAIN, privacy=Privacy(forget_idle_months=36))]

    async def work() -> None:
        async with await opened(dsn) as conn:
            for n, days in ((1, 4000), (2, 10)):
                await joined(conn, n, datetime.now(UTC) - timedelta(days=days))
            await conn.commit()
        for program, left in zip(said, (2, 1), strict=True):
            async with UPKEEP.pool(dsn) as pool:
                await Keeping(pool, None, partial(replace, program), Incidents()).turn()
            assert persons(dsn) == left

    run(work())
    with psycopg.connect(dsn) as conn:
        told = conn.execute("SELECT operation, principal_kind FROM access.audit").fetchall()
    assert told == [("retention", "system")]


@given(st.dates(date(1990, 1, 1), date(2090, 12, 31)), st.integers(0, 240))
def test_months_back_end_in_the_right_month(today, months):
    found = before_months(today, months)
    assert (found.year * 12 + found.month) == (today.year * 12 + today.month) - months
    last = (found + timedelta(days=1)).day == 1
    assert found.day == today.day or (found.day < today.day and last)


def test_an_erasure_outlives_a_long_look_into_a_file_and_holds_nobody_meanwhile(
    dsn, tmp_path, monkeypatch
):
    async def register() -> UUID:
        async with await opened(dsn) as conn:
            done = await joined(conn, 1, NOW)
            await conn.commit()
            return done

    member, uploads, free = run(register()), Uploads(tmp_path), []

    def slow(path: Path, sought: object) -> bool:
        with psycopg.connect(dsn) as till:
            till.execute("SELECT FROM members.member WHERE id = %s FOR UPDATE NOWAIT", (member,))
            free.append(path.name)
        time.sleep(1)
        return True

    async def erase() -> Erased | Refusal:
        async with await connect(dsn) as conn:
            await conn.execute("SET LOCAL idle_in_transaction_session_timeout = 400")
            ask = partial(flows.erase, conn, member, ASKED, NOW)
            return await traces.erasing(conn, uploads, member, NOW, ask)

    uploads.write(uuid4(), 0, b"id\n1\n")
    monkeypatch.setattr(traces, "says", slow)
    monkeypatch.setattr(traces, "_AWAKE_S", 0.1)
    assert isinstance(run(erase()), Erased)
    assert free == ["source"] and not list(tmp_path.glob("*/source"))
