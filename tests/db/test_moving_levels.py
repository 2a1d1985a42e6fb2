"""Levels of another program move in with their dates, once, and are held against what is here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from support.database import run
from support.loading import seen
from support.moving import BODY, CLUB, club, moved, opened, write
from tessera.base.refusal import Refusal

NEXT = f"{datetime.now(UTC).year + 1}-01-01"

LADDERS: dict[str, Any] = {
    "tiers": {
        "status": {
            "review": "01-01", "counts": "minor",
            "levels": [{"code": "basic"}, {"code": "silver", "reach": 100},
                       {"code": "gold", "reach": 1000}],
        },
    },
}  # fmt: skip
MAPPING = (
    CLUB.partition("[balances]")[0]
    + """
[levels]
number = "id"
ladder = { constant = "status" }
level = "tier"
since = "since"
until = "until"
words = { "1" = "silver", "2" = "gold" }
"""
)
MEMBERS = """
1 Anna Rossi - 2015-03-01 - - - A-1 OK
2 Bruno Neri - 2016-07-09 - - - A-3 OK
3 Carla Verdi - 2016-07-09 - - - A-4 OK
"""
LEVELS = """
1 2 2024-02-29 2098-01-01
2 1 2025-01-01 -
3 - - -
77 1 2025-01-01 -
2 9 2025-01-01 -
1 1 2025-02-30 -
88 1 2999-01-01 -
3 1 2020-01-01 2021-01-01
"""
STANDS = """
SELECT i.value, s.level, s.since::text, s.until::text FROM tiers.standing AS s
JOIN members.member AS m ON m.account_id = s.account_id
JOIN members.identifier AS i ON i.member_id = m.id AND i.value LIKE 'club:%' ORDER BY 1
"""


def asked(place: Any) -> dict[Any, Any]:
    path = place / "levels.csv"
    rows = [each.split() for each in LEVELS.strip().splitlines()]
    cells = [",".join("" if cell == "-" else cell for cell in row) for row in rows]
    path.write_text("\n".join(["id,tier,since,until", *cells]) + "\n", encoding="utf-8")
    return {"members": write(place, "members", MEMBERS), "levels": path}


def test_levels_move_in_once_and_are_held_against_what_is_here(dsn, tmp_path):
    async def publish() -> None:
        async with opened(dsn, BODY | LADDERS):
            pass

    run(publish())
    files, moving = asked(tmp_path), club(MAPPING)
    tried = moved(dsn, files, moving, rehearse=True)
    assert not isinstance(tried, Refusal)
    assert seen(dsn, STANDS) == []
    told = moved(dsn, files, moving)
    assert not isinstance(told, Refusal)
    levels = told[1]
    assert levels.tally is not None and levels.checked is not None and tried[1].tally is not None
    assert levels.tally.outcomes == tried[1].tally.outcomes == {"carried": 2, "empty": 1}
    assert seen(dsn, STANDS) == [
        ("club:1", "gold", "2024-02-29", "2098-01-01"), ("club:2", "silver", "2025-01-01", NEXT),
    ]  # fmt: skip
    aside = "SELECT row_number, code FROM warehouse.quarantine WHERE mapping = 'club/levels'"
    assert sorted(seen(dsn, aside)) == [
        (5, "member_unknown"), (6, "level_unknown"), (7, "not_a_day"), (8, "day_impossible"),
        (9, "term_past"),
    ]  # fmt: skip
    assert levels.checked.rows == {"here": 2, "empty": 1, "quarantined": 5} and levels.sound
    again = moved(dsn, files, moving, only_check=True)
    assert not isinstance(again, Refusal) and all(each.sound for each in again)
    before = seen(dsn, "SELECT count(*) FROM tiers.change")
    assert not isinstance(moved(dsn, files, moving), Refusal)
    assert seen(dsn, "SELECT count(*) FROM tiers.change") == before
