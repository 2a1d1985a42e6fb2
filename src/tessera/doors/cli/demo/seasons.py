"""The year of the shop: what is liked when, which days are busy, when it is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

# Percent of an average month, January first.
Season = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
ALWAYS: Season = (100,) * 12
SEASONS: dict[str, Season] = {
    "winter": (170, 150, 120, 90, 70, 50, 40, 40, 70, 110, 150, 170),
    "spring": (60, 90, 160, 220, 200, 110, 40, 30, 40, 40, 50, 60),
    "summer": (40, 40, 60, 90, 130, 180, 220, 200, 130, 80, 50, 40),
    "autumn": (60, 50, 40, 40, 40, 50, 60, 80, 200, 220, 180, 90),
    "ice": (8, 10, 30, 70, 140, 260, 330, 320, 150, 50, 12, 8),
    "carnival": (250, 700, 80, 0, 0, 0, 0, 0, 0, 0, 0, 0),
    "easter": (2, 20, 350, 700, 20, 0, 0, 0, 0, 0, 0, 0),
    "christmas": (30, 5, 3, 3, 3, 3, 3, 3, 5, 25, 220, 900),
    "feast": (80, 70, 80, 100, 80, 70, 60, 60, 80, 90, 130, 300),
}
# Rome is empty in August and full before Christmas.
_MONTH = (94, 95, 100, 102, 104, 100, 92, 68, 102, 104, 104, 135)
_WEEKDAY = (96, 95, 98, 101, 110, 120, 80)
_PAID, _UNPAID = 112, 97  # percent: from the 27th, when wages come, to the 3rd, and otherwise


class Day(NamedTuple):
    """A day of the shop.

    season  how busy its month is, in percent of an average one; `payday` likewise its date
    opens   the stores in town; the online one always does
    """

    on: date
    month: int  # from 0
    weekday: int  # Monday is 0
    season: int
    payday: int
    opens: bool

    @property
    def busy(self) -> int:
        """In percent of an average day."""
        return self.season * self.payday * _WEEKDAY[self.weekday] // 10_000


def calendar(first: date, days: int) -> Sequence[Day]:
    """The days of the story, one after the other."""
    return [_day(first + timedelta(days=n)) for n in range(days)]


def _day(on: date) -> Day:
    paid = _PAID if on.day >= 27 or on.day <= 3 else _UNPAID
    opens = (on.month, on.day) not in ((12, 25), (1, 1))
    return Day(on, on.month - 1, on.weekday(), _MONTH[on.month - 1], paid, opens)
