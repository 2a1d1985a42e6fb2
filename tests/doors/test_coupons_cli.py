"""`tessera coupons`: codes made and written out, each once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from support import shop as counter
from support.coupons import couponed, states
from support.database import run
from support.shop import line, sale
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings


@pytest.fixture
def tessera(dsn, tmp_path: Path):
    app = build(Settings(tmp_path, database_url=dsn), "coupons")

    def call(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["coupons", *words])
        assert done.exit_code == code, done.output
        return done.output

    return call


def test_codes_are_made_into_a_file_and_work_at_the_till(dsn, tessera, tmp_path):
    async def begin():
        async with counter.opened(dsn, couponed()):
            pass

    run(begin())
    out = tmp_path / "codes"
    said = tessera("issue", "TENTH", "--count", "300000", "--label", "May", "--to", str(out))
    codes = out.read_text().split()
    assert "300,000 codes" in said and len(set(codes)) == 300_000
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    order = said.split()[1].rstrip(":")
    again = tmp_path / "again"
    assert " 0 codes" in tessera("export", order, "--to", str(again))
    assert again.read_text() == ""
    assert "no coupon" in tessera("issue", "NONE", "--count", "1", "--to", str(again), code=1)

    async def use():
        async with counter.opened(dsn) as shop:
            bought = sale(await shop.member(), line("SOUP", 1, 1000))
            said = await shop.send(replace(bought, coupons=(codes[7],)))
            assert states(said) == [("TENTH", "accepted")]

    run(use())
