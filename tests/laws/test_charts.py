"""Charts as values: ticks that hold what is drawn, files that calculate nothing, clean pictures."""

from __future__ import annotations

import csv
import io
import re
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.doors.charts.chart import Chart, Spec, csv_of, drawing, places, ticks, told
from tessera.doors.charts.cleaning import cleaned
from tessera.doors.language.local import local
from tessera.doors.language.words import LANGUAGES

WHOLE = st.integers(-(10**12), 10**12)


@given(WHOLE, WHOLE)
def test_ticks_hold_every_value_nearly_and_zero_in_few_even_steps(one, other):
    low, high = min(one, other, 0), max(one, other, 0)
    found = ticks(low, high)
    steps = {after - before for before, after in pairwise(found)}
    assert len(steps) == 1 and 0 in found
    (step,) = steps
    assert (found[0] - low) * 10 <= step and (high - found[-1]) * 10 <= step
    empty = found[0] - low <= -step or high - found[-1] <= -step
    assert not empty or low == high == 0
    assert 2 <= len(found) <= 7
    assert str(min(steps)).rstrip("0") in ("1", "2", "5")


@given(st.integers(1, 400), st.integers(1, 20))
def test_few_places_are_named_and_the_first_always(count, most):
    found = places(count, most)
    assert found[0] == 0 and len(found) <= most and found[-1] < count


def test_a_little_below_nothing_takes_no_room():
    made = drawing(chart((date(2026, 3, 1), -15, 0), (date(2026, 3, 2), 13_676, 5)), local("en"),
                   narrow=False)  # fmt: skip
    assert [at for at, _ in made.ticks] == [0, 5_000, 10_000, 15_000] and made.ends == (-15, 15_000)


def chart(*rows, **spec):
    return Chart("x", "Title", "Finding.", ("Day", "One", "=Two"), rows, Spec(**spec))


def test_a_file_says_what_the_table_says_and_is_no_formula():
    made = chart((date(2026, 3, 1), 1, -2), ("=1+1", 3, 4), ("@x", 5, 6))
    read = list(csv.reader(io.StringIO(csv_of(made).decode("utf-8-sig"))))
    assert read == [["Day", "One", "'=Two"], ["2026-03-01", "1", "-2"],
                    ["'=1+1", "3", "4"], ["'@x", "5", "6"]]  # fmt: skip
    money = chart((date(2026, 3, 1), 1_205, -7), x="month", unit="money", currency="EUR")
    assert csv_of(money).decode("utf-8-sig").splitlines()[1] == "2026-03,12.05,-0.07"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_and_label_is_told_in_the_reader_s_language(language):
    days = tuple((date(2026, 1, 1) + timedelta(days=n), n * 1000, -n) for n in range(60))
    made = chart(*days, mark="lines")
    for narrow in (True, False):
        drawn = drawing(made, local(language), narrow=narrow)
        assert len(drawn.labels) == 60 and len(drawn.series) == 2
        assert all(name for _, name in drawn.ticks)
    assert told(made, local(language))[5][1] == local(language).count(5000)


HOSTILE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" onload="x()">
<style>p{}</style><script>x()</script><a href="//x"><text>y</text></a>
<g style="fill:red" class="a"><rect fill="white" width="9"/>
<path d="M0,0L1.123456,2" fill="#0A0B01" stroke="red" onclick="x()" href="//x"/>
<text font-size="12px" fill="#0a0b06">a &lt; b &amp; "c"</text></g></svg>"""


def test_a_picture_keeps_what_is_drawn_and_nothing_else():
    found = str(cleaned(HOSTILE, "chart-wide"))
    for word in ("style", "script", "href", "onload", "onclick", "red", "white", "y<", "#0"):
        assert word not in found, word
    assert 'd="M0,0L1.1,2"' in found, "tenths of a pixel are enough"
    assert 'fill="var(--brand)"' in found and 'stroke="currentColor"' in found
    assert "a &lt; b &amp; &quot;c&quot;" in found
    assert set(re.findall(r"<(\w+)", found)) == {"svg", "path", "text"}
