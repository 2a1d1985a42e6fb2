"""What the report of points says: periods, charts, findings. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tessera.doors.charts import Chart, Spec
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.ledger.reports.core import Change, Outstanding

MONTHS_SHOWN = 12
PERIODS = {
    "month": N_("This month"), "last": N_("Last month"), "year": N_("This year"),
    "twelve": N_("The last 12 months"), "all": N_("From the beginning"),
}  # fmt: skip
KINDS = (
    ("opening", N_("At the beginning")), ("earned", N_("Earned")), ("spent", N_("Spent")),
    ("expired", N_("Expired")), ("reversed", N_("Taken back by returns")),
    ("transferred", N_("Given and exchanged")), ("adjusted", N_("Put right by hand")),
    ("carried_over", N_("Carried over from another program")), ("closing", N_("At the end")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to `at`; None: the beginning, now."""

    name: str
    since: datetime | None
    at: datetime | None


def period(name: str, now: datetime) -> Period:
    """One of PERIODS, the months as the clock of `now` has them; anything else is this month."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if name == "last":
        return Period(name, (first - timedelta(days=1)).replace(day=1), first)
    if name == "year":
        return Period(name, first.replace(month=1), None)
    if name == "twelve":
        return Period(name, first.replace(year=first.year - 1), None)
    if name == "all":
        return Period(name, None, None)
    return Period("month", first, None)


def moves(change: Change, local: Local) -> list[tuple[str, str, str]]:
    """(what, points, name) of each line of the roll-forward; what is nothing is left out."""
    ends = ("opening", "closing")
    told = []
    for name, label in KINDS:
        value = getattr(change, name)
        if name in ends:
            told.append((local.gettext(label), local.count(value), name))
        elif value:
            told.append((local.gettext(label), local.signed(value), name))
    return told


def rolled(change: Change, local: Local) -> Chart:
    """The roll-forward as a chart, for its file; drawn as what came and went."""
    gettext = local.gettext
    rows = tuple(
        (gettext(label), getattr(change, name))
        for name, label in KINDS[1:-1]
        if getattr(change, name)
    )
    return Chart(
        "moves", gettext("What came and went"), _rolled_finding(change, local),
        (gettext("Kind"), gettext("Points")), rows, Spec(x="name"),
    )  # fmt: skip


def _rolled_finding(change: Change, local: Local) -> str:
    gettext = local.gettext
    grown = change.closing - change.opening
    if not grown:
        return gettext("There are as many points as at the beginning of the period.")
    sentence = (
        gettext("There are %(points)s more points than at the beginning of the period.")
        if grown > 0
        else gettext("There are %(points)s fewer points than at the beginning of the period.")
    )  # fmt: skip
    return sentence % {"points": local.count(abs(grown))}


# Age and expiry ----------------------------------------------------------------------------------

_AGES = (
    (0, 3, N_("up to 3 months")), (3, 6, N_("3 to 6 months")), (6, 12, N_("6 to 12 months")),
    (12, 24, N_("1 to 2 years")), (24, 10**6, N_("over 2 years")),
)  # fmt: skip


def by_age(found: Outstanding, local: Local) -> Chart:
    """How long ago the points were earned."""
    gettext = local.gettext
    rows = tuple(
        (gettext(label), sum(each.points for each in found.by_age if low <= each.months < high))
        for low, high, label in _AGES
    )
    old = sum(each.points for each in found.by_age if each.months >= 12)
    total = sum(each.points for each in found.by_age)
    finding = gettext("All of the points were earned within a year.")
    if old:
        finding = gettext("%(share)s of the points were earned more than a year ago.") % {
            "share": _percent(old, total, local)
        }
    return Chart(
        "age", gettext("Points by age"), finding, (gettext("Earned"), gettext("Points")), rows,
        Spec(x="name"),
    )  # fmt: skip


def by_expiry(found: Outstanding, today: date, local: Local) -> Chart:
    """How many points expire in each of the next months, how many later, how many never."""
    gettext = local.gettext
    there = {each.month: each.points for each in found.by_expiry}
    first = today.replace(day=1)
    months = [_later(first, n) for n in range(MONTHS_SHOWN)]
    words = [f"{month:%Y-%m}" for month in months]
    never = there.get("never", 0)
    total = sum(there.values())
    gone = sum(points for word, points in there.items() if word < words[0])
    later = total - never - gone - sum(there.get(word, 0) for word in words)
    rows: list[tuple[date | str | int, ...]] = [
        (month, there.get(word, 0) + (gone if not at else 0))
        for at, (month, word) in enumerate(zip(months, words, strict=True))
    ]
    rows += [(gettext("Later"), later)] if later else []
    rows += [(gettext("Never"), never)] if never else []
    soon = sum(int(row[1]) for row in rows[:3] if isinstance(row[1], int))
    return Chart(
        "expiry", gettext("Points by month of expiry"), _expiry_finding(soon, never, total, local),
        (gettext("Expire in"), gettext("Points")), tuple(rows), Spec(x="month"),
    )  # fmt: skip


def _expiry_finding(soon: int, never: int, total: int, local: Local) -> str:
    gettext = local.gettext
    if not total:
        return gettext("There are no points.")
    if never == total:
        return gettext("By this program points never expire.")
    return gettext("%(points)s points, %(share)s of all, expire by the end of the third month.") % {
        "points": local.count(soon), "share": _percent(soon, total, local)
    }  # fmt: skip


def _later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)


def _percent(part: int, whole: int, local: Local) -> str:
    return local.percent(round(Decimal(part) / whole, 3))
