"""How long points wait and how long they live: the settings, and the instants they make.

An instant is fixed when the points are earned, on the clock of the place where they are earned: no
later change of a setting or of a time zone moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.clock import day_end, day_start, local
from tessera.base.text import Code, Name, OptionalCode
from tessera.ledger.core.words import Terms, Waiting, key_of_event

Days = Annotated[int, Meta(ge=1, le=36_500)]
Months = Annotated[int, Meta(ge=1, le=1_200)]
# A day of every year. February 29 is the 28th where there is none.
YearDay = Annotated[
    str, Meta(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])\Z",
              description="it as 12-31: month, day"),
]  # fmt: skip
_ONE = timedelta(days=1)
_CLOCKS = timedelta(hours=14)  # no clock is further from UTC
Period = Literal["week", "month", "quarter", "half_year", "year"]
_MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


class Season(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Points earned from `opens` to `closes` can be spent up to the local day `spend_until`.

    carry_percent  so much of what is left then goes over into a new lot, of the next season
    carry_most     but not more points than this
    """

    opens: date
    closes: date
    spend_until: date
    name: Name = ""
    carry_percent: Annotated[int, Meta(ge=0, le=100)] = 0
    carry_most: Annotated[int, Meta(ge=1, le=10**12)] | None = None

    def __post_init__(self) -> None:
        if not self.opens <= self.closes <= self.spend_until:
            raise ValueError(f"opens {self.opens}, closes {self.closes}, spend_until "
                             f"{self.spend_until} are not in this order")  # fmt: skip


class Expiry(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When points expire: one of these kinds; always at the end of a local day.

    days           so many days after they are earned
    months         on the same day so many months later (the last of the month where there is none)
    period         at the end of the period in which they are earned, or of the `periods`-th after
    dates          on the next of these days of the year that is at least `least_days` away
    inactive_days  so many days after the member's last receipt or event: each one moves all of them
    seasons        when their season's spending is over; outside of all: as the next season's
    time_zone      whose clock a season's days are of (IANA name); empty: each store's own
    since          `activation`: days and months count from when pending points become active
    """

    days: Days | None = None
    months: Months | None = None
    period: Period | None = None
    periods: Annotated[int, Meta(ge=0, le=100)] = 0
    dates: Annotated[tuple[YearDay, ...], Meta(max_length=50)] = ()
    least_days: Annotated[int, Meta(ge=0, le=3_650)] = 0
    inactive_days: Days | None = None
    seasons: Annotated[tuple[Season, ...], Meta(max_length=100)] = ()
    time_zone: Annotated[str, Meta(max_length=64)] = ""
    since: Literal["earning", "activation"] = "earning"

    def __post_init__(self) -> None:
        kinds = (self.days, self.months, self.period, self.dates, self.inactive_days, self.seasons)
        if sum(bool(each) for each in kinds) != 1:
            raise ValueError("of days, months, period, dates, inactive_days, seasons say one")
        if self.periods and not self.period:
            raise ValueError("periods goes with period")
        if self.least_days and not self.dates:
            raise ValueError("least_days goes with dates")
        if self.time_zone and not self.seasons:
            raise ValueError("time_zone goes with seasons")
        for a, b in zip(self.seasons, self.seasons[1:], strict=False):
            if b.opens <= a.closes or b.spend_until <= a.spend_until:
                raise ValueError(f"the seasons of {a.opens} and {b.opens} overlap or are not in "
                                 "the order of their dates")  # fmt: skip

    def last_day(self, earned: date, active: date) -> date | None:
        """The last local day on which the points live; None: for ever, or as long as they roll.

        active  the day from which they can be spent
        """
        start = active if self.since == "activation" else earned
        if self.days is not None:
            return start + timedelta(days=self.days)
        if self.months is not None:
            return months_later(start, self.months)
        if self.period is not None:
            return period_end(start, self.period, self.periods)
        if self.dates:
            return next_of(self.dates, start + timedelta(days=self.least_days))
        season = self.season_of(start)
        return season.spend_until if season else None

    def season_of(self, day: date) -> Season | None:
        """The season that a day belongs to, or else the next one."""
        return next((each for each in self.seasons if day <= each.closes), None)

    def carry(
        self, expired_at: datetime, points: int, gone: int = 0, before: int = 0
    ) -> tuple[int, datetime | None]:
        """(points that go over when a season ends, when they expire); (0, None) without a season.

        gone        points that have expired at that instant already: these are late receipts'
        before      of those gone so many went over
        law         late or in time, at once or one by one: in the end the same points go over
        expired_at  the instant at which the points expired: midnight on the seasons' clock, or on
                    that of the place where they were earned, which is nobody's to know any more.
                    The season is the one that ends nearest, as far as clocks can differ. The new
                    points expire at midnight on the seasons' clock; without one, as far from
                    midnight in UTC as these.
        """
        if not self.seasons:
            return 0, None
        ends = [day_end(season.spend_until, self.time_zone or "UTC") for season in self.seasons]
        n = min(range(len(ends)), key=lambda i: abs(expired_at - ends[i]))
        apart = expired_at - ends[n]
        if abs(apart) > (2 * _CLOCKS if self.time_zone else _CLOCKS):
            return 0, None
        season = self.seasons[n]
        kept = _share(season, gone + points) - _share(season, gone)
        if season.carry_most is not None:
            kept = min(kept, max(season.carry_most - before, 0))
        if n + 1 == len(ends):
            return kept, None
        return kept, ends[n + 1] if self.time_zone else ends[n + 1] + apart


class Pending(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When new points can be spent: from the beginning of a local day, or once something happens.

    days   so many days after they are earned (the time for returning goods)
    on     from this day on
    event  when this event of the member comes whose `field` is the receipt's number or its id
           ("delivered"); with `days` they are active then at the latest
    """

    days: Days | None = None
    on: date | None = None
    event: OptionalCode = ""
    field: Code = "receipt"

    def __post_init__(self) -> None:
        if self.on is not None and (self.days or self.event):
            raise ValueError("`on` stands alone; `days` and `event` go together")
        if self.on is None and not self.days and not self.event:
            raise ValueError("of days, on, event say one")

    def until(self, earned: date) -> date | None:
        """The first local day on which they can be spent; None: only the event says."""
        if self.on is not None:
            return self.on
        return earned + timedelta(days=self.days) if self.days else None


class PointCurrency(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Points of another kind beside the program's own: miles, stamps, points that make a status.

    kind      what members do with it: `status` and `stamps` are counted, they are not given away
    net_debt  new points first pay back debt
    point_minor_x100  what one costs the shop, in hundredths of a minor unit: for budgets
    """

    name: Name = ""
    kind: Literal["miles", "stamps", "status", "points"] = "points"
    expiry: Expiry | None = None
    pending: Pending | None = None
    net_debt: bool = True
    point_minor_x100: Annotated[int, Meta(ge=0, le=10**9)] = 0

    def life(self) -> Life:
        """How these points live: a return takes them wherever they are."""
        return Life(self.expiry, self.pending, self.net_debt)


class Life(Struct, frozen=True):
    """How points of one currency live in a program.

    clawback_other_lots  a return may take points of other receipts before it makes debt
    """

    expiry: Expiry | None = None
    pending: Pending | None = None
    net_debt: bool = True
    clawback_other_lots: bool = True

    def terms(self, happened_at: datetime, zone: str, about: str = "") -> Terms:
        """The life of points earned then and there.

        zone   the IANA name of the place's time zone
        about  the receipt's number, which an event of `pending` has to name
        """
        earned = local(happened_at, zone).date()
        active, waiting = earned, None
        if self.pending is not None:
            first = self.pending.until(earned)
            active = first or earned
            if first is None or first > earned:
                event = key_of_event(self.pending.event, about) if self.pending.event else ""
                waiting = Waiting(None if first is None else day_start(first, zone), event)
        if self.expiry is None:
            return Terms(waiting=waiting, net_debt=self.net_debt)
        clock = self.expiry.time_zone or zone
        if clock != zone:
            active = local(max(happened_at, day_start(active, zone)), clock).date()
            earned = local(happened_at, clock).date()
        last = self.expiry.last_day(earned, active)
        ends = None if last is None else day_end(last, clock)
        return Terms(ends, self.expiry.inactive_days is not None, waiting, self.net_debt)

    def alive_until(self, happened_at: datetime, zone: str) -> datetime | None:
        """Until when something that happens keeps rolling points alive; None if none roll."""
        if self.expiry is None or self.expiry.inactive_days is None:
            return None
        day = local(happened_at, zone).date()
        return day_end(day + timedelta(days=self.expiry.inactive_days), zone)

    def first_due(self, earned: date) -> datetime | None:
        """Before this a run finds nothing of points earned on that day, or later; None: never.

        earned  in UTC, on which some places are a day behind
        shape   rather a day too early
        """
        earned -= _ONE
        days = []
        active = self.pending.until(earned) if self.pending is not None else None
        if active is not None and active > earned:
            days.append(active)
        if self.expiry is not None and self.expiry.seasons:
            days.append(earned)  # a season's end need not be after it
        elif self.expiry is not None:
            rolls = timedelta(days=self.expiry.inactive_days or 0)
            days.append(self.expiry.last_day(earned, earned) or earned + rolls)
        return day_start(min(days) - _ONE, "UTC") if days else None

    @property
    def carries(self) -> bool:
        """Whether a season of it lets points go over."""
        return self.expiry is not None and any(x.carry_percent for x in self.expiry.seasons)

    def carry(
        self, expired_at: datetime, points: int, gone: int, before: int
    ) -> tuple[int, datetime | None]:
        """What goes over when a season ends: for `expire`."""
        if self.expiry is None:
            return 0, None
        return self.expiry.carry(expired_at, points, gone, before)


def _share(season: Season, points: int) -> int:
    return points * season.carry_percent // 100


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the last one of a month that is too short."""
    year, month = divmod(day.month - 1 + months, 12)
    return date(day.year + year, month + 1, 1) + timedelta(
        days=min(day.day, month_days(day.year + year, month + 1)) - 1
    )


def month_days(year: int, month: int) -> int:
    """Days of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return (following - timedelta(days=1)).day


def period_end(day: date, period: Period, after: int) -> date:
    """The last day of the period that `day` is in, or of the `after`-th that follows it."""
    if period == "week":
        return day + timedelta(days=6 - day.weekday() + 7 * after)
    length = _MONTHS[period]
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return months_later(first, length * (after + 1)) - timedelta(days=1)


def next_of(dates: Sequence[YearDay], day: date) -> date:
    """The first of these days of the year that is not before `day`."""
    found = (
        date(year, month, min(int(each[3:]), month_days(year, month)))
        for year in (day.year, day.year + 1)
        for each in dates
        for month in (int(each[:2]),)
    )
    return min(each for each in found if each >= day)
