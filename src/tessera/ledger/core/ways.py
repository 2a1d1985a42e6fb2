"""In which ways points may leave an account besides a purchase: the settings, and their limits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.clock import day_start, local
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Count, Name, OptionalCode, Points
from tessera.ledger.core.lives import Life, PointCurrency
from tessera.ledger.core.words import MAIN

OperationKind = Literal[
    "transfer", "gift", "donation", "exchange", "adjustment", "extension", "claim", "claim_back",
    "referral", "prize",
]  # fmt: skip
MEMBER_DAYS = 30  # adjustments of one account are added up over so many days


class Bounds(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """How many points a member may let go in one way.

    least, most         in one operation
    per_day, per_month  of one member and currency, by the calendar of `time_zone`
    step                only multiples of this
    code_above          of more in one operation, a member who does it alone proves anew who it is
    """

    least: Points = 1
    most: Points | None = None
    per_day: Points | None = None
    per_month: Points | None = None
    step: Count = 1
    code_above: Points | None = None


class Sending(Bounds, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Points go to another member.

    fee_percent   of the points that leave; it does not arrive (rounded down)
    delay_hours   until the receiver can spend them: they are pending so long
    keeps_expiry  they expire when they would have; else they live as points earned then
    """

    fee_percent: Annotated[int, Meta(ge=0, le=50)] = 0
    delay_hours: Annotated[int, Meta(ge=0, le=24 * 366)] = 0
    keeps_expiry: bool = True

    def fee(self, points: int) -> int:
        """What of so many points does not arrive."""
        return points * self.fee_percent // 100


class Donating(Bounds, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Points go to a cause, by its code.

    event  what a donation posts, once, for rules to reward, with whichever of these fields the
           program declares: `points`, `minor` (what points of the program's own are worth) and
           `cause`
    """

    causes: Annotated[dict[Code, Name], Meta(min_length=1, max_length=200)]
    event: OptionalCode = ""


class Rate(Bounds, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Every `give` points of one currency become `get` of another; what is left over stays.

    of, into  codes of currencies; "" is the program's own
    """

    of: OptionalCode = MAIN
    into: OptionalCode = MAIN
    give: Points
    get: Points

    def times(self, points: int) -> int:
        """How often `give` is in so many points."""
        return points // self.give


class Transfers(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What members may do with points besides buying. What is left out is not allowed.

    transfer   to another account
    gift       likewise, as a present
    donate     to a cause
    exchange   between currencies, one rate for each way
    time_zone  where a day and a month begin (IANA name)
    """

    transfer: Sending | None = None
    gift: Sending | None = None
    donate: Donating | None = None
    exchange: Annotated[tuple[Rate, ...], Meta(max_length=100)] = ()
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"

    def rate(self, of: str, into: str) -> Rate | None:
        """The rate from one currency into another."""
        return next((each for each in self.exchange if (each.of, each.into) == (of, into)), None)


class Adjustments(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Points put in or taken out by hand. None: no limit. Both directions count, added up.

    reasons             {code: what it means}; with none declared any code will do
    most                in one operation
    per_principal_day   of one person, of one currency, on a day of `time_zone`; a key counts as
                        whoever issued it
    per_member_30_days  of the people of one account, of one currency, on whatever account
    approval_above      beyond so many a second person decides: of one person on a day, and of those
                        people in 30 days, what nobody has approved added up
    """

    reasons: Annotated[dict[Code, Name], Meta(max_length=200)] = {}
    most: Points | None = None
    per_principal_day: Points | None = None
    per_member_30_days: Points | None = None
    approval_above: Points | None = None
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"

    @property
    def limits_sums(self) -> bool:
        """Whether it matters what was adjusted before."""
        sums = (self.per_principal_day, self.per_member_30_days, self.approval_above)
        return any(each is not None for each in sums)


class Ways(Struct, frozen=True):
    """What of a program decides how points leave and come besides receipts.

    lives  {currency: how its points live}, the program's own under ""
    """

    lives: Mapping[str, Life]
    currencies: Mapping[str, PointCurrency]
    transfers: Transfers = Transfers()
    adjustments: Adjustments = Adjustments()

    def kind(self, currency: str) -> str:
        """What members do with the points of a currency."""
        return self.currencies[currency].kind if currency else "points"


class Done(Struct, frozen=True):
    """Points that went the same way before."""

    day: int
    month: int


def since(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """(beginning of the day, beginning of the month) in which `now` lies, at that place."""
    today = local(now, zone).date()
    return day_start(today, zone), day_start(today.replace(day=1), zone)


def member_since(now: datetime) -> datetime:
    """From when on the adjustments of an account count together."""
    return now - timedelta(days=MEMBER_DAYS)


def beyond(bounds: Bounds, points: int, done: Done) -> Refusal | None:
    """Why so many points may not go this way now; None if they may."""
    if points < bounds.least:
        why = f"{points} points asked, at least {bounds.least} in one go"
        return Refusal("amount_refused", "points", why, f"send {bounds.least} or more")
    if bounds.most is not None and points > bounds.most:
        why = f"{points} points asked, at most {bounds.most} in one go"
        return Refusal("amount_refused", "points", why, f"send {bounds.most} or fewer")
    if points % bounds.step:
        why = f"{points} points asked, only multiples of {bounds.step} go"
        cure = f"send {points - points % bounds.step or bounds.step}"
        return Refusal("amount_refused", "points", why, cure)
    for limit, before, period in (
        (bounds.per_day, done.day, "today"), (bounds.per_month, done.month, "this month"),
    ):  # fmt: skip
        if limit is not None and before + points > limit:
            return limit_reached(points, before, limit, period)
    return None


def limit_reached(points: int, before: int, limit: int, period: str) -> Refusal:
    """The refusal of what is too much together with what went before."""
    left = max(0, limit - before)
    why = f"{points} points asked, {before} of {limit} are used {period}"
    return Refusal(
        "limit_reached", "points", why,
        f"send {left} or fewer" if left else "wait until the period is over",
    )  # fmt: skip


def awaiting(rules: Adjustments, points: int, by: int, of: int) -> Awaiting | None:
    """Why a second person must decide on so many points; None if nobody need.

    by, of  what went before without one: of this person today, of this account in 30 days
    """
    limit = rules.approval_above
    if limit is None:
        return None
    for before, whose in ((by, "by you today"), (of, "for this account in 30 days")):
        if before + points > limit:
            why = f"{points} points asked, {before} were adjusted {whose}; alone up to {limit}"
            return Awaiting("adjustments.approval_above", why)
    return None
