"""The register on a real database: signs survive an outage and a kill, and are written once."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from support import database
from support.database import run
from tessera.base.ids import new_id
from tessera.doors.incidents import Incidents, leave
from tessera.incidents import core, db, flows
from tessera.incidents.core import Incident, Sign


async def listed(dsn: str) -> list[Incident]:
    async with await database.connect(dsn) as conn:
        return await db.page(conn, None, False, 100)


def pool_of(dsn: str) -> AsyncConnectionPool:
    return AsyncConnectionPool(
        dsn, min_size=0, max_size=2, open=False, timeout=0.5, reconnect_timeout=0.1
    )


def test_what_was_noticed_while_the_database_was_away_is_written_once(dsn, tmp_path):
    async def work() -> None:
        house = Incidents(tmp_path / "incidents")
        house.begin("database_lost", "gone")
        house.begin("database_lost", "gone still")
        async with pool_of("host=/nowhere") as away:
            with pytest.raises(PoolTimeout):
                await house.write(away)
        (file,) = (tmp_path / "incidents").iterdir()
        assert [json.loads(line)["kind"] for line in file.read_text().splitlines()] == [
            "database_lost"
        ]
        house.end("database_lost")
        async with pool_of(dsn) as pool:
            await house.write(pool)
            await house.write(pool)
        assert list((tmp_path / "incidents").iterdir()) == []
        (row,) = await listed(dsn)
        assert (row.kind, row.detail, row.times, row.closed_by) == (
            "database_lost", "gone", 1, "house",
        )  # fmt: skip
        assert house.now == {}

    run(work())


def test_the_next_process_writes_down_what_a_killed_one_saw_and_that_it_is_over(dsn, tmp_path):
    async def work() -> None:
        now = datetime.now(UTC)
        leave(tmp_path, [Sign("begin", "disk_full", "0 bytes", now)])
        (tmp_path / "999999999.jsonl").write_text('{"what": "begin", "kind": "drill_fa')  # torn
        house = Incidents(tmp_path)
        await house.opened()
        async with pool_of(dsn) as pool:
            await house.write(pool)
        (row,) = await listed(dsn)
        assert (row.kind, row.began_at, row.closed_by) == ("disk_full", now, "house")
        assert list(tmp_path.iterdir()) == []

    run(work())


def test_a_folder_that_cannot_be_written_is_borne(dsn, tmp_path):
    (tmp_path / "file").touch()

    async def work() -> None:
        house = Incidents(tmp_path / "file" / "below")
        await house.opened()
        house.once("not_settled", "receipt.confirm: X")
        await house.file()
        async with pool_of(dsn) as pool:
            await house.write(pool)
        assert [row.kind for row in await listed(dsn)] == ["not_settled"]

    run(work())


def test_the_database_itself_lets_no_kind_be_open_twice(dsn):
    async def work() -> None:
        async with await database.connect(dsn) as conn:
            for _ in range(2):
                row = Incident(new_id(), "x", "y", datetime.now(UTC), None, 1, "house", None)
                await db.put(conn, row)

    with pytest.raises(psycopg.errors.UniqueViolation):
        run(work())


def test_the_oldest_ended_ones_are_forgotten_with_their_notes(dsn, monkeypatch):
    monkeypatch.setattr(db, "KEPT", 2)

    async def work() -> None:
        async with await database.connect(dsn) as conn:
            for number in range(4):
                at, kind = datetime.now(UTC), f"k{number}"
                made = await flows.open_incident(conn, kind, "x", "Anna", at)
                assert isinstance(made, Incident)
                await flows.close_incident(conn, made.id, "done", "Anna", at)
            await conn.commit()
        rows = await listed(dsn)
        assert [(row.kind, len(row.notes)) for row in rows] == [("k3", 1), ("k2", 1)]

    run(work())
    assert core.KEPT == 10_000


def test_the_house_itself_may_only_keep_the_register_through_its_role(dsn):
    with psycopg.connect(dsn) as conn:
        conn.execute("SET ROLE tessera_app")
        conn.execute("SELECT count(*) FROM incidents.incident")
        conn.execute("DELETE FROM incidents.note")
