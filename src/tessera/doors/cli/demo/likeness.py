"""How close the generated shop is to real ones: the same figures of both, side by side. Pure.

The real sets are for checking only. What stands here of them are these figures; the test marked
`realdata` measures them again. docs/algorithms/demo.md tells what they are and how close it is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from statistics import fmean, median, pstdev, stdev
from typing import NamedTuple

_RHYTHM = 5  # gaps from which on a rhythm shows
_EARLY = 10  # receipts of a member that habits are looked for in: sets are of different length
_MONTH_D = 30.44
_WHOLE_MONTH = 28  # days between its first and its last receipt, at least, by one or two


class Purchase(NamedTuple):
    """A receipt as far as habits go: `minor` in any money, `at` on any clock of that shop."""

    who: str | None
    at: datetime
    minor: float
    articles: Sequence[str]


class Figure(NamedTuple):
    """What is compared, and how near it has to be.

    real    {set: what it is there}, of the sets in which it means the same
    factor  the generated one may lie beyond what the sets span by so much, not more
    """

    says: str
    real: Mapping[str, float]
    factor: float

    def fits(self, generated: float) -> bool:
        """Whether it is near enough."""
        least, most = min(self.real.values()), max(self.real.values())
        return least / self.factor <= generated <= most * self.factor


def measure(purchases: Iterable[Purchase]) -> dict[str, float]:
    """Every figure, by name. It keeps all receipts: for a hundred thousand, not for millions.

    errors  statistics.StatisticsError where there is hardly anything to measure
    """
    found = list(purchases)
    by_member: defaultdict[str, list[Purchase]] = defaultdict(list)
    for each in found:
        if each.who is not None:
            by_member[each.who].append(each)
    members = [sorted(theirs, key=lambda each: each.at) for theirs in by_member.values()]
    return (
        _rhythm(members) | _money(found, members) | _habits(found, members) | _own_time(members)
        | _calendar(found)
    )  # fmt: skip


def _rhythm(members: Sequence[Sequence[Purchase]]) -> dict[str, float]:
    counts = [len(theirs) for theirs in members]
    gaps = [found for theirs in members if len(found := _gaps(theirs)) >= _RHYTHM]
    uneven = sorted(stdev(each) / fmean(each) for each in gaps)
    return {
        "once": counts.count(1) / len(counts),
        "uneven": pstdev(counts) / fmean(counts),
        "monthly": median(_MONTH_D / fmean(each) for each in gaps),
        "gaps": median(uneven),
        "gaps_even": _at(uneven, 0.1),
        "gaps_uneven": _at(uneven, 0.9),
    }


def _gaps(theirs: Sequence[Purchase]) -> list[int]:
    """Days between the days with a purchase."""
    days = sorted({each.at.date() for each in theirs})
    return [(after - before).days for before, after in pairwise(days)]


def _money(found: Sequence[Purchase], members: Sequence[Sequence[Purchase]]) -> dict[str, float]:
    values = sorted(each.minor for each in found)
    spent = sorted((sum(each.minor for each in theirs) for theirs in members), reverse=True)
    return {
        "value": _at(values, 0.9) / _at(values, 0.5),
        "top": sum(spent[: len(spent) // 5]) / sum(spent),
    }


def _habits(found: Sequence[Purchase], members: Sequence[Sequence[Purchase]]) -> dict[str, float]:
    sizes = sorted(len(each.articles) for each in found)
    shared, again, all_ = [], 0, 0
    for theirs in members:
        before: set[str] = set()
        last: set[str] = set()
        for each in theirs[:_EARLY]:
            now = set(each.articles)
            if last and now:
                shared.append(len(now & last) / len(now | last))
                again, all_ = again + len(now & before), all_ + len(now)
            last = now or last
            before |= now
    return {
        "lines": _at(sizes, 0.5),
        "lines_many": _at(sizes, 0.9),
        "jaccard": fmean(shared),
        "again": again / all_,
    }


def _own_time(members: Sequence[Sequence[Purchase]]) -> dict[str, float]:
    """How much of their first receipts members make on their own weekday, at their own hour."""
    firsts = [theirs[:_EARLY] for theirs in members if len(theirs) >= _EARLY]
    days = [Counter(each.at.weekday() for each in first) for first in firsts]
    hours = [Counter(each.at.hour for each in first) for first in firsts]
    return {
        "own_weekday": fmean(max(each.values()) for each in days) / _EARLY,
        "own_hour": fmean(max(each.values()) for each in hours) / _EARLY,
    }


def _calendar(found: Sequence[Purchase]) -> dict[str, float]:
    weekdays = Counter(each.at.weekday() for each in found)
    hours = Counter(each.at.hour for each in found)
    days: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    months: Counter[tuple[int, int]] = Counter()
    for each in found:
        days[each.at.year, each.at.month].add(each.at.day)
        months[each.at.year, each.at.month] += 1
    first, last = min(days), max(days)
    whole = {
        month: months[month] for month, its in days.items()
        if month not in (first, last) or max(its) - min(its) + 2 >= _WHOLE_MONTH
    }  # fmt: skip
    average = fmean(whole.values())
    decembers = [count for (_, month), count in whole.items() if month == 12]
    return {
        "weekday": max(weekdays.values()) * len(weekdays) / len(found),
        "weekday_quiet": min(weekdays.values()) * len(weekdays) / len(found),
        "hour": max(hours.values()) / len(found),
        "hours": _holding(hours, 0.8),
        "month": max(whole.values()) / average,
    } | ({"december": fmean(decembers) / average} if decembers else {})


def _holding(counts: Counter[int], part: float) -> int:
    """How many of the busiest it takes to hold so much of all."""
    held, most = 0, sorted(counts.values(), reverse=True)
    for taken, count in enumerate(most, 1):
        held += count
        if held >= part * sum(most):
            return taken
    return len(most)


def _at(ordered: Sequence[float], part: float) -> float:
    """The value that so much of them lie below."""
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]
