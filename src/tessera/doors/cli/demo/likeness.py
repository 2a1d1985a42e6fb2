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
    """A receipt as far as habits go: `value` in any money, `at` on any clock of that shop."""

    who: str | None
    at: datetime
    value: float
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


X5, JOURNEY, RETAIL, CDNOW = "x5_loyalty", "complete_journey_1y", "online_retail", "cdnow"
SETS = {X5: "x5", JOURNEY: "journey", RETAIL: "retail", CDNOW: "cdnow"}
# Left out where a set means something else: complete_journey_1y is a sample of lines, so it knows
# neither baskets nor how often its households come; the gift shop of online_retail sells wholesale;
# cdnow knows days and sums, of customers who were all new in one quarter.
FIGURES: dict[str, Figure] = {
    "monthly": Figure(
        "receipts a month while active, median", {X5: 4.122, RETAIL: 0.843, CDNOW: 0.606}, 1.0
    ),
    "once": Figure("members with one receipt", {X5: 0.028, RETAIL: 0.344, CDNOW: 0.511}, 1.0),
    "uneven": Figure(
        "receipts of a member, deviation / mean", {X5: 1.005, RETAIL: 1.802, CDNOW: 1.422}, 1.1
    ),
    "gaps": Figure(
        "days between, deviation / mean, median", {X5: 0.869, RETAIL: 0.660, CDNOW: 0.930}, 1.0
    ),
    "gaps_even": Figure(
        "the same, most regular tenth", {X5: 0.563, RETAIL: 0.396, CDNOW: 0.596}, 1.1
    ),
    "gaps_uneven": Figure(
        "the same, least regular tenth", {X5: 1.347, RETAIL: 1.068, CDNOW: 1.518}, 1.1
    ),
    "top": Figure(
        "value of the top 20 % of members",
        {X5: 0.569, JOURNEY: 0.540, RETAIL: 0.746, CDNOW: 0.674}, 1.0,
    ),
    "value": Figure(
        "receipt value, 90th percentile / median", {X5: 3.318, RETAIL: 3.099, CDNOW: 2.654}, 1.25
    ),
    "lines": Figure("articles on a receipt, median", {X5: 5}, 1.5),
    "lines_many": Figure("articles on a receipt, 90th perc.", {X5: 14}, 1.5),
    "again": Figure("articles the member bought before", {X5: 0.266, RETAIL: 0.332}, 1.1),
    "jaccard": Figure("Jaccard with the basket before", {X5: 0.060, RETAIL: 0.109}, 1.4),
    "own_weekday": Figure(
        "receipts on the own weekday",
        {X5: 0.334, JOURNEY: 0.365, RETAIL: 0.417, CDNOW: 0.351}, 1.1,
    ),
    "own_hour": Figure(
        "receipts in the own hour", {X5: 0.368, JOURNEY: 0.300, RETAIL: 0.355}, 1.1
    ),
    "weekday": Figure(
        "busiest weekday / average",
        {X5: 1.113, JOURNEY: 1.259, RETAIL: 1.276, CDNOW: 1.093}, 1.1,
    ),
    "weekday_quiet": Figure(
        "quietest weekday / average",
        {X5: 0.896, JOURNEY: 0.876, RETAIL: 0.663, CDNOW: 0.914}, 1.1,
    ),
    "hour": Figure("receipts in the busiest hour", {X5: 0.111, JOURNEY: 0.103, RETAIL: 0.161}, 1.1),
    "hours": Figure("hours that hold four fifths", {X5: 9, JOURNEY: 10, RETAIL: 7}, 1.1),
    "month": Figure("busiest month / average", {X5: 1.113, JOURNEY: 1.050, RETAIL: 1.732}, 1.0),
    "december": Figure("December / average month", {X5: 0.898, JOURNEY: 1.050}, 1.3),
}  # fmt: skip


def table(generated: Mapping[str, float]) -> list[str]:
    """The generated figures beside those of the real sets, one row each; `!` where it is far off.

    What was not measured (December in a story of weeks) has no row.
    """
    rows = [" " * 40 + "".join(f"{name:>9}" for name in ("shop", *SETS.values()))]
    for name, figure in FIGURES.items():
        if name in generated:
            near = " " if figure.fits(generated[name]) else "!"
            real = (f"{figure.real[each]:>9.3g}" if each in figure.real else " " * 9
                    for each in SETS)  # fmt: skip
            rows.append(f"{figure.says:<40}{generated[name]:>9.3g}{near}{''.join(real)}".rstrip())
    return rows


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
    mean = fmean(counts)
    gaps = [found for theirs in members if len(found := _gaps(theirs)) >= _RHYTHM]
    uneven = sorted(stdev(each) / fmean(each) for each in gaps)
    return {
        "once": counts.count(1) / len(counts),
        "uneven": pstdev(counts) / mean,
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
    values = sorted(each.value for each in found)
    spent = sorted((sum(each.value for each in theirs) for theirs in members), reverse=True)
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
