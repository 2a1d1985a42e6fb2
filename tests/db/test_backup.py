"""A backup brought into an empty database is the same; a doubtful one is never begun."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tessera.base import backup as backups
from tessera.base import postgres
from tessera.base.postgres import PostgresProblem, Server, Settings

SMALL = Settings(shared_buffers_mb=16, start_limit_s=30)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Server]:
    """A server with three members."""
    yield from server_in(tmp_path / "shop", members=3)


@pytest.fixture
def spare(tmp_path: Path) -> Iterator[Server]:
    yield from server_in(tmp_path / "spare", members=0)


def server_in(data_dir: Path, members: int) -> Iterator[Server]:
    server = postgres.ensure(data_dir, settings=SMALL)
    try:
        if members:
            with psycopg.connect(server.dsn) as conn:
                conn.execute("CREATE TABLE member (id int PRIMARY KEY, name text NOT NULL)")
                conn.execute(
                    "INSERT INTO member SELECT n, 'Жанна ' || n FROM generate_series(1, %s) n",
                    (members,),
                )
        yield server
    finally:
        postgres.stop(data_dir, settings=SMALL)


def members(server: Server) -> list[tuple[int, str]]:
    with psycopg.connect(server.dsn) as conn:
        return list(conn.execute("SELECT id, name FROM member ORDER BY id"))


def tables(server: Server) -> int:
    with psycopg.connect(server.dsn) as conn:
        row = conn.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert row
    return row[0]


def test_a_backup_comes_back_whole_into_an_empty_database(
    shop: Server, spare: Server, tmp_path: Path
) -> None:
    target = tmp_path / "out" / "monday.dump"
    target.parent.mkdir()
    assert backups.backup(shop.dsn, shop.bin_dir, target) == target
    manifest = backups.restore(spare.dsn, spare.bin_dir, target)
    assert members(spare) == members(shop) == [(n, f"Жанна {n}") for n in (1, 2, 3)]
    note = json.loads(backups.manifest_of(target).read_text())
    assert note["size_bytes"] == manifest.size_bytes == target.stat().st_size
    assert note["server_version"].startswith("18.")
    assert note["taken_at"].endswith("+00:00")
    assert sorted(path.name for path in target.parent.iterdir()) == [
        "monday.dump",
        "monday.dump.json",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.parent.iterdir()} == {0o600}
    with pytest.raises(PostgresProblem) as refused:  # the second time it is no longer empty
        backups.restore(spare.dsn, spare.bin_dir, target)
    assert (refused.value.code, refused.value.field) == ("target_not_empty", "dsn")
    assert len(members(spare)) == 3
    with pytest.raises(PostgresProblem) as refused:
        backups.backup(shop.dsn, shop.bin_dir, target)
    assert refused.value.code == "backup_exists"


def test_a_doubtful_backup_is_refused_and_nothing_is_written(
    shop: Server, spare: Server, tmp_path: Path
) -> None:
    target = backups.backup(shop.dsn, None, tmp_path / "tuesday.dump")
    whole, note = target.read_bytes(), backups.manifest_of(target)
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    for damaged in (flipped, whole[:-1], whole + b"\0", b""):
        target.write_bytes(damaged)
        assert refusal(spare, target) == "backup_damaged"
    target.write_bytes(whole)
    for text in ("", "[]", '{"sha256": 1}', '"x"'):
        note.write_text(text)
        assert refusal(spare, target) == "backup_incomplete"
    note.unlink()
    assert refusal(spare, target) == "backup_incomplete"
    assert tables(spare) == 0


def refusal(server: Server, source: Path) -> str:
    with pytest.raises(PostgresProblem) as refused:
        backups.restore(server.dsn, server.bin_dir, source)
    assert refused.value.cure
    return refused.value.code


def test_a_restore_that_fails_half_way_leaves_the_database_empty(
    shop: Server, spare: Server, tmp_path: Path
) -> None:
    with psycopg.connect(shop.dsn) as conn:
        conn.execute("CREATE ROLE auditor")
        conn.execute("GRANT SELECT ON member TO auditor")
    target = backups.backup(shop.dsn, shop.bin_dir, tmp_path / "wednesday.dump")
    assert refusal(spare, target) == "pg_restore_failed"  # no such role there
    assert tables(spare) == 0
    with psycopg.connect(spare.dsn) as conn:
        conn.execute("CREATE ROLE auditor")
    backups.restore(spare.dsn, spare.bin_dir, target)
    assert members(spare) == members(shop)


def test_a_failed_backup_leaves_nothing(tmp_path: Path) -> None:
    nowhere = f"host={tmp_path} dbname=tessera user=tessera"
    with pytest.raises(PostgresProblem) as refused:
        backups.backup(nowhere, None, tmp_path / "thursday.dump")
    assert (refused.value.code, refused.value.field) == ("server_unreachable", "dsn")
    with pytest.raises(PostgresProblem) as refused:
        backups.restore(nowhere, None, tmp_path / "thursday.dump")
    assert refused.value.code == "backup_incomplete"
    assert list(tmp_path.iterdir()) == []
