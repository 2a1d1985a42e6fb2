"""When a member comes next: gaps of their own, days that suit them, holidays, closed doors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from tessera.doors.cli.demo.basket import MISSIONS, Mission
from tessera.doors.cli.demo.chain import ONLINE
from tessera.doors.cli.demo.members import DAY_S, Member
from tessera.doors.cli.demo.seasons import SEASONS, Day

OPEN, OPEN_ONLINE = (7, 20), (6, 23)  # first hour, and the one after the last
# How far people are from their usual minute, as MISSIONS: standard deviations.
_MINUTES = (36, 26, 60, 90, 90)
_WARM = SEASONS["summer"]


class Arrival(NamedTuple):
    """Somebody at the door. `at_s` from the first day's midnight, `store` a place of the list."""

    at_s: int
    mission: Mission
    store: int


def first_day(chance: Random, member: Member) -> int:
    """The day of the first visit in the story: founders are somewhere between two of theirs."""
    if member.joins_s >= 0:
        return member.joins_s // DAY_S
    return int(chance.random() * member.gap_d)


def next_day(chance: Random, member: Member, days: Sequence[Day], day: int) -> int | None:
    """The day of the visit after one on `day`; None: there is none in the story.

    It may be the same day: whoever comes twice a day has gaps of less than one.
    """
    gap = chance.gammavariate(member.regularity, member.gap_d / member.regularity)
    aim = day + chance.random() + gap * 100 / days[day].season
    found = int(aim) if gap < 1.5 else _suiting(chance, member, days, int(aim), day)
    found = open_from(days, found)
    if found >= len(days) or found > member.until:
        return None
    return _back_home(chance, member, days, found)


def _suiting(chance: Random, member: Member, days: Sequence[Day], aim: int, after: int) -> int:
    """A day about then, by weekday and payday: people come on their days."""
    around = 3 if aim - after > 4 else 1
    near = range(max(aim - around, after + 1), min(aim + around + 1, len(days)))
    if aim >= len(days) + around or not near:
        return aim
    weights = [member.week[days[n].weekday] * days[n].payday * days[n].opens for n in near]
    return chance.choices(near, weights)[0]


def _back_home(chance: Random, member: Member, days: Sequence[Day], day: int) -> int | None:
    """Who would come while away comes after the holiday."""
    start, length = member.away
    into = days[day].on.timetuple().tm_yday - start
    if 0 <= into < length:
        day += length - into + int(chance.random() * 3)
    return day if day < len(days) else None


def open_from(days: Sequence[Day], day: int) -> int:
    """The day itself, or the next one on which the stores in town open."""
    while day < len(days) and not days[day].opens:
        day += 1
    return day


def arrivals(chance: Random, member: Member, day: Day, start_s: int, count: int) -> list[Arrival]:
    """So many visits of one member on a day, in order; `start_s` is its midnight."""
    found = [_arrival(chance, member, day, start_s) for _ in range(count)]
    found.sort()
    return found


def _arrival(chance: Random, member: Member, day: Day, start_s: int) -> Arrival:
    mission = errand(chance, member.errands[day.weekday], day)
    which = MISSIONS.index(mission)
    usual = chance.gauss(member.hours[which], _MINUTES[which] / 60)
    if mission == "bar" and day.weekday >= 5:
        usual += 1.2
    store = member.store
    if mission == "online":
        store = ONLINE
    elif chance.random() < 0.1:
        store = int(chance.random() < 0.5)
    return Arrival(start_s + clock(chance, usual, store), mission, store)


def errand(chance: Random, weights: Sequence[float], day: Day) -> Mission:
    """What somebody comes for: only online while the rest is closed, and gelato wants the sun."""
    mission = chance.choices(MISSIONS, cum_weights=weights)[0]
    if not day.opens:
        return "online"
    if mission == "treat" and chance.random() * 220 > _WARM[day.month]:
        return "bar" if chance.random() < 0.5 else "larder"
    return mission


def clock(chance: Random, hour: float, store: int) -> int:
    """That hour, or another one while the shop is open: seconds of the day."""
    second = int(hour * 3600)
    first, last = OPEN_ONLINE if store == ONLINE else OPEN
    if not first * 3600 <= second < last * 3600:  # whoever finds it closed comes at another hour
        second = int(chance.uniform(first + 0.5, last - 0.5) * 3600)
    return second


def visits(chance: Random, member: Member, days: Sequence[Day]) -> Iterator[int]:
    """The days of all their visits, in order."""
    day: int | None = first_day(chance, member)
    while day is not None and day < len(days) and day <= member.until:
        yield day
        day = next_day(chance, member, days, day)
