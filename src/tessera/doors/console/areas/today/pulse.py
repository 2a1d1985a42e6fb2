"""Thirty days against the thirty before: figures, sentences, charts. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tessera.doors.charts import Chart, Spec
from tessera.doors.language.local import Local
from tessera.doors.till.today import SPAN, PulseDay

_SAME = Decimal("0.005")  # less than half a per cent is no change


@dataclass(frozen=True, slots=True)
class Span:
    """What thirty days add up to."""

    receipts: int
    with_card: int
    earned: int
    spent: int
    joined: int

    @property
    def share(self) -> Decimal | None:
        """Of the receipts with a card; None where there are none."""
        return Decimal(self.with_card) / self.receipts if self.receipts else None


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure, what it was before, and where one acts on it who may `needs`."""

    label: str
    value: str
    hint: str
    href: str

    @property
    def needs(self) -> str:
        """The operation without which nobody is led there."""
        return "points.outstanding" if self.href == "/console/points" else "member.list"


def spans(days: Sequence[PulseDay]) -> tuple[Span, Span]:
    """(the last thirty complete days, the thirty before); the last of `days` is today."""
    whole = days[:-1]
    return _span(whole[-SPAN:]), _span(whole[: len(whole) - SPAN])


def _span(days: Sequence[PulseDay]) -> Span:
    return Span(*(
        sum(getattr(day, name) for day in days) for name in Span.__dataclass_fields__
    ))  # fmt: skip


def tiles(days: Sequence[PulseDay], local: Local) -> list[Tile]:
    """The figures of the pulse."""
    gettext = local.gettext
    now, before = spans(days)
    made = [_share(now, before, local)]
    for label, name, href in (
        (gettext("Receipts"), "receipts", "/console/members"),
        (gettext("Points given"), "earned", "/console/points"),
        (gettext("Points spent"), "spent", "/console/points"),
        (gettext("New members"), "joined", "/console/members"),
    ):
        value, was = getattr(now, name), getattr(before, name)
        made.append(Tile(label, local.count(value), _against(value, was, local), href))
    return [made[1], made[0], *made[2:]]


def _share(now: Span, before: Span, local: Local) -> Tile:
    gettext = local.gettext
    value = "-" if now.share is None else local.percent(now.share)
    hint = ""
    if before.share is not None:
        hint = gettext("%(figure)s in the 30 days before") % {"figure": local.percent(before.share)}
    return Tile(gettext("Receipts with a card"), value, hint, "/console/members")


def _against(value: int, was: int, local: Local) -> str:
    gettext = local.gettext
    change = _change(value, was)
    if change is None:
        return gettext("nothing in the 30 days before") if value else ""
    if abs(change) < _SAME:
        return gettext("as in the 30 days before")
    sign = "+" if change > 0 else ""
    figure = f"{sign}{local.percent(_rounded(change))}"
    return gettext("%(change)s against the 30 days before") % {"change": figure}


def _change(value: int, was: int) -> Decimal | None:
    return (Decimal(value) - was) / was if was > 0 else None


def _rounded(change: Decimal) -> Decimal:
    """Whole per cents from ten on, tenths below."""
    return round(change, 2) if abs(change) >= Decimal("0.1") else round(change, 3)


# Charts ------------------------------------------------------------------------------------------


def receipts_chart(days: Sequence[PulseDay], local: Local) -> Chart:
    """Receipts by day, with a card and all of them."""
    gettext = local.gettext
    whole = days[:-1][-SPAN:]
    return Chart(
        "receipts", gettext("Receipts by day"), _receipts_finding(days, local),
        (gettext("Day"), gettext("All receipts"), gettext("With a card")),
        tuple((day.day, day.receipts, day.with_card) for day in whole), Spec(mark="lines"),
    )  # fmt: skip


def _receipts_finding(days: Sequence[PulseDay], local: Local) -> str:
    gettext = local.gettext
    now, before = spans(days)
    change = _change(now.receipts, before.receipts)
    if not now.receipts:
        return gettext("Nothing was sold in these 30 days.")
    if change is None:
        return gettext("There was nothing in the 30 days before to compare with.")
    if abs(change) < _SAME:
        return gettext("About as many receipts as in the 30 days before.")
    sentence = (
        gettext("%(percent)s more receipts than in the 30 days before.") if change > 0
        else gettext("%(percent)s fewer receipts than in the 30 days before.")
    )  # fmt: skip
    return sentence % {"percent": local.percent(_rounded(abs(change)))}


def points_chart(days: Sequence[PulseDay], local: Local) -> Chart:
    """Points given and spent by day."""
    gettext = local.gettext
    whole = days[:-1][-SPAN:]
    now, _ = spans(days)
    if now.earned > 0:
        points = local.count(now.spent * 100 // now.earned)
        finding = gettext("Of every 100 points that were given, %(points)s were spent.") % {
            "points": points
        }
    else:
        finding = gettext("No points were given in these 30 days.")
    return Chart(
        "points", gettext("Points by day"), finding,
        (gettext("Day"), gettext("Given"), gettext("Spent")),
        tuple((day.day, day.earned, day.spent) for day in whole), Spec(mark="lines"),
    )  # fmt: skip
