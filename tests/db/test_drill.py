"""The drill: a backup is brought back, proven and compared; what differs is said and kept."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from faults.calls import sale
from faults.drill import Inside, furnish
from support import database
from support.database import run
from tessera.base import backup, cluster, postgres
from tessera.base.problem import PostgresProblem
from tessera.doors.cli.drill import newest
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings


@dataclass
class Shop:
    """A shop on an embedded server whose WAL is archived, and a folder for its backups."""

    place: Path
    token: str = ""
    sold: int = 0

    @property
    def dsn(self) -> str:
        return postgres.ensure(self.place / "data").dsn

    def tessera(self, *words: str | Path, data_dir: str = "data") -> Result:
        settings = Settings(data_dir=self.place / data_dir)
        return CliRunner().invoke(build(settings), [str(word) for word in words])

    def sell(self, times: int) -> None:
        async def work() -> None:
            async with Inside(self.dsn, self.token) as door:
                for _ in range(times):
                    self.sold += 1
                    body = sale(str(self.sold), None, 500)
                    heard = await door.call("POST", "/v1/receipts", body, str(self.sold))
                    assert heard.status == 201, heard

        run(work())

    def incidents(self) -> list[tuple[str, bool]]:
        """(kind, whether it is over), the oldest first."""
        asked = "SELECT kind, ended_at IS NOT NULL FROM incidents.incident ORDER BY id"
        with psycopg.connect(self.dsn) as conn:
            return conn.execute(asked).fetchall()


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    place = Path(tempfile.mkdtemp(prefix="tessera-drilled-", dir="/var/tmp"))
    place.chmod(0o755)  # the server's user passes
    found = Shop(place)
    (place / "backups").mkdir()
    try:
        assert found.tessera("db", "archive", place / "wal").exit_code == 0
        database.migrate(found.dsn)
        found.token = asyncio.run(furnish(found.dsn))
        found.sell(5)
        yield found
    finally:
        for name in ("data", "back"):
            postgres.stop(place / name)
        shutil.rmtree(place)


def test_a_copy_is_brought_up_to_this_moment_by_the_archive(shop):
    folder = shop.place / "backups"
    assert shop.tessera("db", "backup", "--base", folder).exit_code == 0
    shop.sell(3)
    said = shop.tessera("db", "drill", folder, "--scratch", shop.place)
    assert said.exit_code == 0, said.output
    assert "compared with the running database" in said.output
    receipts = [line.split() for line in said.output.splitlines() if line.startswith("receipts")]
    assert receipts == [["receipts", str(shop.sold)]]
    assert shop.incidents()[-1] == ("drill", True)
    assert not list(shop.place.glob("tessera-drill-*")), "it cleans up"


def test_what_is_no_backup_is_told_and_left_alone(tmp_path, capsys):
    for name, taken_at in (("old.dump", "2026-03-01"), ("new.dump", "2026-03-02")):
        source = tmp_path / name
        source.touch()
        manifest = backup.Manifest(taken_at, "18", 0, "")
        backup.manifest_of(source).write_text(json.dumps(asdict(manifest)))
    for name, note in (("settings", '{"colour": "red"}'), ("zeros", "0 0 0")):
        (tmp_path / name).touch()
        (tmp_path / f"{name}.json").write_text(note)
    assert newest(tmp_path) == tmp_path / "new.dump"
    said = capsys.readouterr().err
    assert "settings is left out" in said and "zeros is left out" in said and "dump" not in said
    for name in ("old.dump", "new.dump"):
        (tmp_path / name).unlink()
    with pytest.raises(PostgresProblem, match="backup_missing"):
        newest(tmp_path)


def test_a_dump_is_compared_row_by_row_and_what_is_missing_is_told_until_it_is_mended(shop):
    folder = shop.place / "backups"
    target = folder / "now.dump"
    assert shop.tessera("db", "backup", target).exit_code == 0
    note = backup.manifest_of(target)
    whole = note.read_text()
    note.write_text(whole.replace('"checkout.receipt": ', '"checkout.receipt": 9'))
    said = shop.tessera("db", "drill", target, "--scratch", shop.place)
    assert said.exit_code == 1
    assert f"DIFFERENT: checkout.receipt has {shop.sold} rows, the backup had 9" in said.output
    assert shop.incidents()[-1] == ("drill_failed", False)
    note.write_text(whole)
    said = shop.tessera("db", "drill", folder, "--scratch", shop.place)  # the newest one
    assert said.exit_code == 0 and "now.dump" in said.output, said.output
    assert set(shop.incidents()) == {("drill", True), ("drill_failed", True)}


def test_what_was_tampered_with_is_told_by_the_proof_of_what_came_back(shop):
    """A backup of a changed ledger comes back as it was, and does not pass."""
    with psycopg.connect(shop.dsn) as conn:
        conn.execute("UPDATE checkout.receipt SET points_earned = points_earned + 1")
        try:
            conn.commit()
            target = shop.place / "backups" / "changed.dump"
            assert shop.tessera("db", "backup", target).exit_code == 0
        finally:
            conn.execute("UPDATE checkout.receipt SET points_earned = points_earned - 1")
            conn.commit()
    said = shop.tessera("db", "drill", target, "--scratch", shop.place)
    assert said.exit_code == 1 and "the drill failed" in said.output


def test_a_dump_comes_back_on_a_server_that_never_heard_of_tessera(shop):
    """Its grants need a role that no dump of a database has."""
    target = shop.place / "backups" / "again.dump"
    assert shop.tessera("db", "backup", target).exit_code == 0
    assert shop.tessera("db", "restore", target, data_dir="back").exit_code == 0
    assert shop.tessera("prove", "--chain", data_dir="back").exit_code == 0
    assert postgres.status(shop.place / "back").state == "running"
    assert cluster.home_of(shop.place / "back", postgres.DEFAULTS).archive.exists() is False
