"""Whatever a file of points says: what it says is what is in the ledger and in quarantine."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal, InvalidOperation
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import database
from support.loading import seen
from support.moving import CLUB, HEADERS, club, differences, moved, one, write
from tessera.base.refusal import Refusal

WHO = ["1", "2", "3", "77", ""]
POINTS = st.one_of(
    st.integers(-2000, 2000).map(str),
    st.sampled_from(["", "x", "=1+1", "-=1", "1.5", "1e2", "9223372036854775808", "NaN", "\0"]),
)
ROWS = st.lists(
    st.tuples(
        st.sampled_from(WHO), st.sampled_from(["a", "b", "c", "d", "e", "f", "g", ""]), POINTS,
        st.sampled_from(["BONUS", "miles", "YEN"]),
        st.sampled_from(["2021-01-10", "", "2021-02-30", "2999-01-01"]),
        st.sampled_from(["2098-01-31", "", "9999-12-31", "2022-01-01", "never"]),
        st.sampled_from(["", "2097-01-01", "2021-05-05"]),
    ),
    max_size=25,
)  # fmt: skip
LEDGER = """
SELECT n.value, a.currency,
    sum(CASE WHEN m.source = 'carried_over' THEN m.points ELSE -m.points END)::bigint
FROM ledger.move m JOIN ledger.account a ON a.id = m.account_id
JOIN members.member p ON p.account_id = coalesce(a.owner_id, a.id)
JOIN members.identifier n ON n.member_id = p.id AND n.kind = 'external'
WHERE 'carried_over' IN (m.source, m.target) AND m.outcome_id IN (
    SELECT id FROM ledger.carried WHERE source = '{}')
GROUP BY 1, 2
"""
_fresh = count()


@pytest.fixture(scope="module")
def shared(server, template, tmp_path_factory):
    """One database for all examples: each is another program's."""
    name = "tessera_test_moving_sums"
    database.drop(server, name)
    database.make(server, name, template)
    dsn = database.at(server, name)
    place = tmp_path_factory.mktemp("people")
    one(dsn, "members", write(place, "members", "1 Anna\n2 Bruno\n3 Carla"))
    yield dsn
    database.drop(server, name)


def readable(word: str) -> int | None:
    """The points that a row says, read by another way than the loader's."""
    try:
        number = Decimal(word)
    except InvalidOperation:
        return None
    whole = number.is_finite() and number == int(number) and abs(number) <= 10**12
    return int(number) if whole else None


def sound(points: int, row: tuple[str, ...]) -> bool:
    """Whether a row may be carried over, told by its words."""
    who, lot, _, currency, earned, ends, active = row
    if who not in ("1", "2", "3") or not lot or currency == "YEN" or ends == "never":
        return False
    if earned in ("2021-02-30", "2999-01-01") or (ends == "2022-01-01" and not earned):
        return False
    by_program = ends == "" and currency == "BONUS"  # twelve months
    over = by_program and (earned != "" or active == "2097-01-01")
    return points < 0 or not (over or ends == "2022-01-01")


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(ROWS)
def test_what_a_file_says_is_in_the_ledger_and_in_quarantine(shared, rows):
    source = f"p{next(_fresh)}"
    with TemporaryDirectory() as name:
        path = Path(name) / "balances.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([HEADERS["balances"].split(), *rows])
        moving = club(CLUB.replace('name = "club"', f'name = "{source}"'))
        rehearsed = one(shared, "balances", path, moving, rehearse=True)
        told = one(shared, "balances", path, moving)
        assert told.checked is not None and told.tally is not None and rehearsed.tally is not None
        assert told.sound
        assert rehearsed.tally.outcomes == told.tally.outcomes
        assert rehearsed.tally.quarantined == told.tally.quarantined
        again = moved(shared, {"balances": path}, moving, only_check=True)
        assert not isinstance(again, Refusal) and again[0].checked == told.checked
    ledger = {(who, of): points for who, of, points in seen(shared, LEDGER.format(source))}
    said: Counter[tuple[str, str]] = Counter()
    lots = set()
    for row in rows:
        who, lot, word, currency, *_ = row
        points = readable(word)
        if points and lot not in lots and sound(points, row):
            said["club:" + who, {"BONUS": ""}.get(currency, currency)] += points
            lots.add(lot)  # what says the same lot after it is the same, or stays outside
    assert told.tally.rows == len(rows)
    assert {key: points for key, points in said.items() if points or key in ledger} == {
        key: points for key, points in ledger.items() if points or key in said
    }
    for sums in told.checked.sums.values():
        parts = sums.ledger + sums.again + sums.quarantined + sums.mended + sums.missing
        assert (parts, sums.missing) == (sums.said, 0)


def test_the_books_are_sound_after_all_of_it(shared):
    assert differences(shared) == []


def test_a_move_that_is_not_there_is_found(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna"))
    path = write(tmp_path, "balances", "1 a 500 BONUS 2021-01-10 2098-01-31 -")
    one(dsn, "balances", path)
    with psycopg.connect(dsn) as conn:  # as somebody with all rights might
        conn.execute("ALTER TABLE ledger.move DISABLE TRIGGER ALL")
        conn.execute("UPDATE ledger.move SET points = 499 WHERE source = 'carried_over'")
    told = moved(dsn, {"balances": path}, only_check=True)
    assert not isinstance(told, Refusal) and not told[0].sound
    assert any("carried over by" in each for each in differences(dsn))
