"""`tessera tiers`: reviews on the command line, levels of another program from a file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from support.database import run
from support.shop import fresh_card, line, opened, program, sale
from tessera.doors.cli.main import build
from tessera.doors.ground import Settings

LADDER = {
    "review": "01-01", "counts": "minor",
    "levels": [
        {"code": "basic"}, {"code": "silver", "reach": 1000}, {"code": "gold", "reach": 9000},
    ],
}  # fmt: skip


@pytest.fixture
def tessera(dsn, tmp_path: Path):
    app = build(Settings(tmp_path, database_url=dsn), "tiers")

    def call(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, ["tiers", *words])
        assert done.exit_code == code, done.output
        return done.output

    return call


@pytest.fixture
def cards(dsn) -> list[str]:
    """Three members, each bought for 20.00: silver."""

    async def work() -> list[str]:
        async with opened(dsn, program(tiers={"status": LADDER})) as shop:
            made = [fresh_card() for _ in range(3)]
            for card in made:
                assert (await shop.send(sale(card, line("SOUP", 1, 2000)))).status == 201
            return made

    return run(work())


def old(dsn) -> None:
    """All of it was years ago, and one bought enough last year."""

    async def work() -> None:
        async with opened(dsn) as shop:
            await shop.eye.execute("UPDATE checkout.history_day SET day = '2019-06-01'")
            await shop.eye.execute("UPDATE tiers.standing SET until = '2020-01-01'")
            await shop.eye.commit()

    run(work())


def test_a_rehearsal_tells_what_a_review_does_and_twice_is_once(dsn, tessera, cards):
    assert "nothing was due" in tessera("review")
    old(dsn)
    # In January 2020 the level is kept for what was bought in 2019, a year later it is not.
    assert "status: 0 would stay, 3 down" in tessera("review", "--dry-run")
    assert "silver" in tessera("list") and "3" in tessera("list")
    assert "status: 0 stayed, 3 down" in tessera("review")
    assert "nothing was due" in tessera("review")
    assert "is still to come" in tessera("review", "--at", "2099-01-01", code=2)


def test_levels_of_another_program_come_in_once(dsn, tessera, cards, tmp_path):
    file = tmp_path / "levels.csv"
    year = datetime.now(UTC).year
    rows = [
        f"card,{cards[0]},status,gold,{year - 1}-03-01,{year + 1}-06-30",
        f"card,{cards[1]},status,basic,,",
        f"card,{cards[2]},status,lead,,",
        "card,2999999999999,status,gold,,",
        f"card,{cards[2]},status,gold,yesterday,",
    ]
    file.write_text("kind,value,ladder,level,since,until\n" + "\n".join(rows) + "\n")
    said = tessera("load", str(file), "--dry-run", code=1)
    assert "1 would be carried over, 1 stand, 3 not" in said
    for why in ("line 4: level_unknown", "line 5: member_unknown", "line 6: day_invalid"):
        assert why in said
    assert "1 carried over, 1 stand, 3 not" in tessera("load", str(file), code=1)
    assert "0 carried over, 2 stand, 3 not" in tessera("load", str(file), code=1)
    assert "gold" in tessera("list")
