"""A copy of the server's files and the WAL archive: back to any moment, or not at all."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from tessera.base import archive, backup, cluster, db, files, postgres
from tessera.base.files import Until
from tessera.base.postgres import PostgresProblem, Server, Settings

SMALL = Settings(shared_buffers_mb=16, start_limit_s=30)


@dataclass
class Shop:
    """A server whose WAL is archived; table `sale` has a row for each number told."""

    server: Server
    place: Path
    copy: Path

    @property
    def wal(self) -> Path:
        return self.place / "wal"

    def sell(self, number: int) -> None:
        with psycopg.connect(self.server.dsn) as conn:
            conn.execute("INSERT INTO sale VALUES (%s)", (number,))

    def archived(self) -> None:
        """Everything until now is in the archive."""
        with psycopg.connect(self.server.dsn, autocommit=True) as conn:
            db.restore_point(conn, "something to archive")
            piece, end = db.switch_wal(conn), time.monotonic() + 20
            while not db.archived(conn, piece)[0]:
                assert time.monotonic() < end, "it is archived within seconds"
                time.sleep(0.05)

    def sales_in(self, data_dir: Path, until: Until) -> list[int]:
        """What a restore until there holds; the restored server writes, and archives nothing."""
        files.restore_server(self.copy, data_dir, until, SMALL)
        restored = postgres.ensure(data_dir, settings=SMALL)
        try:
            with psycopg.connect(restored.dsn) as conn:
                assert conn.execute("SHOW archive_mode").fetchone() == ("off",)
                kept = (data_dir / "pgdata/postgresql.auto.conf").read_text()
                assert "recovery" not in kept and "restore_command" not in kept
                conn.execute("INSERT INTO sale VALUES (99)")
                conn.rollback()
                return [row[0] for row in conn.execute("SELECT number FROM sale ORDER BY 1")]
        finally:
            postgres.stop(data_dir, settings=SMALL)


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    place = Path(tempfile.mkdtemp(prefix="tessera-files-", dir="/var/tmp"))
    place.chmod(0o755)  # the server's user passes; pytest's own folders are closed to it
    data_dir = place / "data"
    archive.choose(cluster.home_of(data_dir, SMALL), place / "wal")
    server = postgres.ensure(data_dir, settings=SMALL)
    try:
        with psycopg.connect(server.dsn) as conn:
            conn.execute("CREATE TABLE sale (number int PRIMARY KEY)")
        found = Shop(server, place, place / "monday.base")
        found.sell(1)
        files.copy_server(server.dsn, server.bin_dir, found.copy)
        yield found
    finally:
        postgres.stop(data_dir, settings=SMALL)
        shutil.rmtree(place)


def test_a_copy_comes_back_alone_to_a_time_and_to_the_end(shop, tmp_path):
    shop.sell(2)
    between = datetime.now(UTC)
    time.sleep(0.05)
    shop.sell(3)
    shop.archived()
    assert shop.sales_in(tmp_path / "alone", Until()) == [1]
    assert shop.sales_in(tmp_path / "between", Until(shop.wal, time=between)) == [1, 2]
    assert shop.sales_in(tmp_path / "all", Until(shop.wal)) == [1, 2, 3]


def test_a_moment_outside_the_archive_is_refused_and_nothing_is_kept(shop, tmp_path):
    shop.archived()
    for shift, code in ((timedelta(days=1), "wal_missing"), (timedelta(days=-1), "time_too_early")):
        asked = Until(shop.wal, time=datetime.now(UTC) + shift)
        assert refusal(shop.copy, tmp_path / code, asked) == code
        assert not (tmp_path / code / "pgdata").exists()
    assert shop.sales_in(tmp_path / "wal_missing", Until())[:1] == [1]  # the place can be used


def test_a_restore_goes_into_an_empty_place_only(shop, tmp_path):
    home = cluster.home_of(shop.place / "data", SMALL)
    assert refusal(shop.copy, home.data_dir, Until()) == "target_not_empty"
    unreadable = Until(tmp_path / "nothing")
    assert refusal(shop.copy, tmp_path / "data", unreadable) == "wal_unreadable"


def test_a_damaged_copy_is_refused(shop, tmp_path):
    copy = files.copy_server(shop.server.dsn, None, tmp_path / "tuesday.base")
    with pytest.raises(PostgresProblem) as refused:
        files.copy_server(shop.server.dsn, None, copy)
    assert refused.value.code == "backup_exists"
    victim = copy / "PG_VERSION"
    whole = victim.read_bytes()
    victim.write_bytes(b"17\n")
    assert refusal(copy, tmp_path / "a", Until()) == "backup_damaged"
    victim.write_bytes(whole)
    (copy / "global/pg_control").unlink()
    assert refusal(copy, tmp_path / "b", Until()) == "backup_damaged"
    (copy / "backup_manifest").unlink()
    assert refusal(copy, tmp_path / "c", Until()) == "backup_damaged"
    backup.manifest_of(copy).unlink()
    assert refusal(copy, tmp_path / "d", Until()) == "backup_incomplete"


def refusal(source: Path, data_dir: Path, until: Until) -> str:
    with pytest.raises(PostgresProblem) as refused:
        files.restore_server(source, data_dir, until, SMALL)
    assert refused.value.cure
    return refused.value.code


def test_the_archive_never_writes_over_a_piece(shop):
    """A piece that is there with other bytes stops the archive; with the same bytes it is fine."""
    shop.archived()
    with psycopg.connect(shop.server.dsn, autocommit=True) as conn:
        shop.sell(1000)
        row = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None
        coming = shop.wal / row[0]
        coming.write_bytes(b"another server's")
        coming.chmod(0o644)
        assert db.switch_wal(conn) == coming.name
        end = time.monotonic() + 20
        while db.archived(conn, coming.name)[1] != coming.name:
            assert time.monotonic() < end, "the server says which piece it cannot archive"
            time.sleep(0.05)
        assert coming.read_bytes() == b"another server's"
        coming.unlink()  # a person looks, and takes away what should not be there
    shop.archived()
    assert coming.stat().st_size == 16 * 1024 * 1024
    assert not list(shop.wal.glob("*.new"))


@pytest.mark.parametrize("name", ["it's", "50%", "a b", 'q"', "a$b"])
def test_an_archive_whose_path_a_shell_would_not_take_as_it_is_is_refused(tmp_path, name):
    home = cluster.home_of(tmp_path / "data", SMALL)
    with pytest.raises(PostgresProblem) as refused:
        archive.choose(home, tmp_path / name)
    assert refused.value.code == "wal_archive_unusable"
    assert archive.chosen(home) is None
