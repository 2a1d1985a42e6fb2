"""What an operation means for partners, what a period is, what a statement comes to. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.base.clock import day_start, local
from tessera.base.refusal import Refusal
from tessera.base.text import MAX_MINOR
from tessera.rules.core.partners import Every, Partner
from tessera.rules.core.words import Program, Story

Key = tuple[str, str]  # (partner, currency of points)
PIECES = ("gift", "coupon")
MOST_X100 = MAX_MINOR * 100  # of one operation
_PERIOD = re.compile(r"(\d{4})-(?:(0[1-9]|1[0-2])|Q([1-4]))\Z", re.ASCII)


class Charge(Struct, frozen=True):
    """What a partner has to do with some operations, in one currency of points.

    issued, redeemed, funded  points; what came back is subtracted
    funded_minor              discounts of rules that it pays for, in minor units
    pieces, pieces_minor      gifts and coupons of rules that it pays for, and what they cost
    issued_x100, funded_x100  what the partner owes for it, redeemed_x100 what it gets: in
                              hundredths of a minor unit
    """

    issued: int = 0
    redeemed: int = 0
    funded: int = 0
    funded_minor: int = 0
    issued_x100: int = 0
    redeemed_x100: int = 0
    funded_x100: int = 0
    pieces: int = 0
    pieces_minor: int = 0

    def plus(self, other: Charge, sign: int = 1) -> Charge:
        """Both together; with a sign of -1 this one without the other."""
        return Charge(*[
            getattr(self, name) + sign * getattr(other, name) for name in Charge.__struct_fields__
        ])  # fmt: skip

    def bounded(self) -> Charge:
        """With amounts of `MOST_X100` at most: rates that are wrong stop no till."""
        return replace(
            self, issued_x100=min(self.issued_x100, MOST_X100),
            redeemed_x100=min(self.redeemed_x100, MOST_X100),
            funded_x100=min(self.funded_x100, MOST_X100),
        )  # fmt: skip


class Piece(Struct, frozen=True):
    """Gifts or coupons of one kind that a partner pays for: so many at what one costs, in minor."""

    item: str
    cost_minor: int
    pieces: int


class Posting(Struct, frozen=True):
    """A charge of one operation, as it is kept; `pieces`: what is in it of gifts and coupons."""

    outcome_id: UUID
    partner: str
    currency: str
    store: str
    charge: Charge
    posted_at: datetime
    pieces: tuple[Piece, ...] = ()


class Adjustment(Struct, frozen=True):
    """What was agreed besides; above zero the partner owes it."""

    id: UUID
    minor: int
    reason: str
    posted_at: datetime


class Sums(Struct, frozen=True):
    """What a period, or what is open, comes to.

    postings        how many there are; `points` {currency: what they mean}; `pieces` by item
    opening_x100    what was less than a minor unit when the period before was closed
    adjusted_minor  of `adjustments`
    """

    postings: int
    points: dict[str, Charge]
    opening_x100: int
    adjusted_minor: int
    adjustments: tuple[Adjustment, ...] = ()
    pieces: tuple[Piece, ...] = ()

    def total(self) -> Charge:
        """Over all currencies."""
        return summed(self.points.values())

    @property
    def owed_x100(self) -> int:
        """Above zero the partner owes it, below zero it is owed to the partner."""
        of = self.total()
        owes = of.issued_x100 + of.funded_x100 - of.redeemed_x100
        return self.opening_x100 + owes + self.adjusted_minor * 100

    def due(self) -> tuple[int, int]:
        """(what is paid, in minor units; hundredths that open the next period, 0 to 99)."""
        return divmod(self.owed_x100, 100)


class Statement(Struct, frozen=True):
    """A period that is closed: what it came to, and which second person has approved it."""

    id: UUID
    partner: str
    period: str
    ends_at: datetime
    sums: Sums
    due_minor: int
    closing_x100: int
    closed_at: datetime
    approval_id: UUID | None = None


class Period(Struct, frozen=True):
    """A month (2026-10) or a quarter (2026-Q4): its days, the instants of its beginning and end."""

    name: str
    first: date
    last: date
    starts_at: datetime
    ends_at: datetime


def summed(some: Iterable[Charge]) -> Charge:
    """All of them together."""
    found = Charge()
    for each in some:
        found = found.plus(each)
    return found


def charges(program: Program, store: str, story: Story, *, member: bool) -> dict[Key, Charge]:
    """{(partner, currency): what a decision means for it}; only what is not nothing.

    program  the one that decided; `member`: somebody has the points, else there are none
    """
    own, found = program.partner_of.get(store, ""), dict[Key, Charge]()

    def add(partner: str, unit: str, charge: Charge) -> None:
        if partner in program.partners and charge != Charge():
            found[partner, unit] = found.get((partner, unit), Charge()).plus(charge)

    for effect in story.effects:
        funder, given = program.funders.get(effect.rule, ""), effect.given
        payer = funder or own
        if effect.kind == "points" and member and payer in program.partners:
            x100 = given * program.partners[payer].rates(effect.unit).sells_at_x100
            charge = Charge(funded=given, funded_x100=x100) if funder else (
                Charge(issued=given, issued_x100=x100)
            )  # fmt: skip
            add(payer, effect.unit, charge)
        elif effect.kind == "discount" and funder:
            add(funder, "", Charge(funded_minor=given, funded_x100=given * 100))
        elif effect.kind in PIECES and funder:
            minor = given * program.costs.get(effect.item, 0)
            add(funder, "", Charge(pieces=given, pieces_minor=minor, funded_x100=minor * 100))
    if own and member and story.points_spent:
        spent = story.points_spent
        x100 = spent * program.partners[own].pays_x100
        add(own, "", Charge(redeemed=spent, redeemed_x100=x100))
    return {key: charge.bounded() for key, charge in found.items()}


def pieces(program: Program, story: Story) -> dict[tuple[str, Piece], int]:
    """{(partner, one piece): how many of them a decision gives at its expense}."""
    found: dict[tuple[str, Piece], int] = {}
    for effect in story.effects:
        funder = program.funders.get(effect.rule, "")
        if effect.kind in PIECES and effect.given and funder in program.partners:
            one = (funder, Piece(effect.item, program.costs.get(effect.item, 0), 1))
            found[one] = found.get(one, 0) + effect.given
    return found


def pieces_changed(
    before: Mapping[tuple[str, Piece], int], after: Mapping[tuple[str, Piece], int]
) -> dict[str, tuple[Piece, ...]]:
    """{partner: pieces more}; below zero: fewer."""
    found: dict[str, tuple[Piece, ...]] = {}
    for partner, one in dict.fromkeys((*before, *after)):
        more = after.get((partner, one), 0) - before.get((partner, one), 0)
        if more:
            line = Piece(one.item, one.cost_minor, more)
            found[partner] = (*found.get(partner, ()), line)
    return found


def changed(before: Mapping[Key, Charge], after: Mapping[Key, Charge]) -> dict[Key, Charge]:
    """What a return changes: what its sale means now, less what it meant before."""
    found = {
        key: after.get(key, Charge()).plus(before.get(key, Charge()), -1)
        for key in dict.fromkeys((*before, *after))
    }
    return {key: charge for key, charge in found.items() if charge != Charge()}


# Periods -----------------------------------------------------------------------------------------


def period_of(partner: Partner, at: datetime) -> Period:
    """The period in which an instant lies."""
    day = local(at, partner.time_zone).date()
    return _period(partner.period, day, partner.time_zone)


def named(partner: Partner, word: str) -> Period | Refusal:
    """The period that is called so. Errors: period_invalid."""
    found = _PERIOD.match(word)
    asked = found is not None and (found[3] is None) == (partner.period == "month")
    if found is None or not asked or not 1970 <= int(found[1]) < 9999:
        shape = "2026-10" if partner.period == "month" else "2026-Q4"
        return Refusal(
            "period_invalid", "period", f"{word[:20]!r} is no {partner.period} of this partner",
            f"write it as {shape}",
        )  # fmt: skip
    month = int(found[2]) if found[2] else int(found[3]) * 3 - 2
    return _period(partner.period, date(int(found[1]), month, 1), partner.time_zone)


def _period(every: Every, day: date, zone: str) -> Period:
    months = 1 if every == "month" else 3
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    over = _later(first, months)
    name = f"{first:%Y-%m}" if every == "month" else f"{first.year}-Q{(first.month + 2) // 3}"
    return Period(
        name, first, over - timedelta(days=1), day_start(first, zone), day_start(over, zone)
    )


def _later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def closing_fault(period: Period, closed: Iterable[str], now: datetime) -> Refusal | None:
    """Why a period cannot be closed. Errors: period_closed, period_open."""
    if period.name in closed:
        return Refusal(
            "period_closed", "period", f"{period.name} is closed",
            "read its statement; what is wrong in it is adjusted in an open period",
        )  # fmt: skip
    if now < period.ends_at:
        return Refusal(
            "period_open", "period", f"{period.name} goes on until {period.last}",
            "close it when it is over",
        )  # fmt: skip
    return None
