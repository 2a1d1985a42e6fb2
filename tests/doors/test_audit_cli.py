"""`tessera audit` and `tessera prove --audit`: what commands leave, and how a forgery is named."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from support import database
from tessera.doors.audited import COLUMNS
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings
from tessera.doors.trails import Trails


@pytest.fixture
def tessera(dsn, tmp_path: Path):
    app = build(Settings(tmp_path, database_url=dsn))

    def call(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == code, done.output
        return done.output

    return call


def forge(dsn: str, change: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute("SET session_replication_role = replica")
        conn.execute(change)


def test_commands_that_change_something_are_entries(dsn, tessera, tmp_path):
    tessera("keys", "issue", "Counter", "--store", "S1")
    key_id = tessera("keys", "list").split()[0]
    tessera("keys", "revoke", key_id)
    revoked, issued = tessera("audit", "list").splitlines()
    assert "command line" in issued and f"key.issue  key {key_id}  name,role,stores" in issued
    assert "key.revoke" in revoked
    assert tessera("audit", "list", "--operation", "key.issue").splitlines() == [issued]
    assert tessera("audit", "list", "--subject", "nothing") == ""
    told = [json.loads(line) for line in tessera("audit", "export").splitlines()]
    assert [each["operation"] for each in told] == ["key.revoke", "key.issue"]
    out = tmp_path / "log.csv"
    tessera("audit", "export", "--format", "csv", "--out", str(out))
    rows = list(csv.reader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert rows[0] == list(COLUMNS) and len(rows) == 3


def test_who_loads_a_file_is_an_entry(dsn, tessera, tmp_path):
    file, mapping = tmp_path / "november.csv", tmp_path / "shop.toml"
    file.write_text("no,at,sku,price\n1,2026-11-01T10:00:00,TEA,2.50\n2,soon,TEA,2.50\n")
    mapping.write_text(
        'name = "shop"\n[store]\nid = {constant = "S1"}\ntime_zone = "Europe/Rome"\n'
        '[receipt]\nnumber = "no"\ntime = "at"\ntill = {constant = "1"}\n'
        'currency = {constant = "EUR"}\n[line]\nsku = "sku"\nprice = "price"\n'
    )
    tessera("load", "receipts", str(file), "--mapping", str(mapping))
    people, club = tmp_path / "members.csv", tmp_path / "club.toml"
    people.write_text("id\n1\n")
    club.write_text('name = "club"\ntime_zone = "Europe/Rome"\n[members]\nnumber = "id"\n')
    tessera("load", "members", str(people), "--mapping", str(club), "--dry-run")
    tessera("load", "members", str(people), "--mapping", str(club))
    moved, loaded = (json.loads(each) for each in tessera("audit", "export").splitlines())
    assert (moved["operation"], moved["kind"]) == ("load.moving", "command line")
    assert moved["after"]["files"] == {"members": "members.csv"}
    assert loaded["operation"] == "load.receipts"
    assert loaded["after"] == {
        "kind": "receipts", "mapping": "shop", "file": "november.csv", "rows": 2, "sales": 1,
        "returns": 0, "quarantined": 1,
    }  # fmt: skip


def test_a_forged_entry_is_named_and_a_forged_chain_against_its_seal(dsn, tessera, tmp_path):
    for name in ("One", "Two", "Three"):
        tessera("keys", "issue", name, "--store", "S1")
    file = tmp_path / "seal.json"
    tessera("audit", "seal", str(file))
    assert "is there already" in tessera("audit", "seal", str(file), code=2).replace("\n", " ")
    assert tessera("prove", "--audit", "--seal", str(file)).split() == [
        "audit", "3", "differences", "0",
    ]  # fmt: skip
    forge(dsn, "UPDATE access.audit SET reason = 'asked' WHERE seq = 2")
    said = tessera("prove", "--audit", code=1)
    assert "entry 0-2 (key.issue by command line" in said and "was changed" in said
    forge(dsn, "DELETE FROM access.audit WHERE seq > 1")
    forge(dsn, "UPDATE access.audit_head SET seq = 1, hash = (SELECT hash FROM access.audit)"
               " WHERE chain = 0")  # fmt: skip
    assert "differences              0" in tessera("prove", "--audit")
    said = tessera("prove", "--audit", "--seal", str(file), code=1)
    assert "entry 0-3 is in the seal and is gone" in said


def test_what_is_no_seal_is_told(tessera, tmp_path):
    file = tmp_path / "seal.json"
    file.write_text('{"heads": {"0": [1, "xx"]}, "sealed_at": "2026-01-01T00:00:00Z"}')
    assert "is no seal" in tessera("prove", "--audit", "--seal", str(file), code=2).replace(
        "\n", " "
    )


def test_the_folder_of_seals_names_a_chain_that_was_cut_off(dsn, tessera, tmp_path):
    """Nobody has made a seal by hand; a line that a crash cut short is none."""
    folder, trails = tmp_path / "elsewhere", Trails()
    folder.mkdir()
    assert "no seal" in tessera("prove", "--audit", "--seal", str(folder), code=2)
    for name in ("One", "Two", "Three"):
        tessera("keys", "issue", name, "--store", "S1")
        written(dsn, trails, folder)
        written(dsn, trails, folder)
    (file,) = folder.iterdir()
    assert len(file.read_bytes().splitlines()) == 3, "without news no line"
    with file.open("ab") as torn:
        torn.write(b'{"sealed_at": "20')
    assert tessera("prove", "--audit", "--seal", str(folder)).split()[-1] == "0"
    written(dsn, Trails(), folder)
    assert len(file.read_bytes().splitlines()) == 4, "the torn one is gone"
    forge(dsn, "DELETE FROM access.audit")
    forge(dsn, "UPDATE access.audit_head SET seq = 0, hash = ''::bytea")
    assert "differences              0" in tessera("prove", "--audit")
    written(dsn, trails, folder)
    said = tessera("prove", "--audit", "--seal", str(folder), code=1)
    assert "entry 0-3 is in the seal and is gone" in said


def written(dsn: str, trails: Trails, folder: Path) -> None:
    async def turn() -> None:
        async with await database.connect(dsn) as conn:
            await trails.turn(conn, folder, datetime.now(UTC))

    database.run(turn())
