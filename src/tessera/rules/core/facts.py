"""Evidence and facts: what the program knew besides the receipt, and what it found missing."""

from __future__ import annotations

import hashlib
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tessera.rules.core.shelves import Contract
from tessera.rules.core.texts import Numbers, Template

Value = bool | int | str
Measure = Literal[
    "receipts", "units", "minor", "days", "stores", "categories", "since", "weeks", "months"
]
Per = Literal["receipt", "day", "week", "month", "year", "ever"]
_WINDOW = (
    r"^(ever|this (day|week|month|quarter|year)|[1-9][0-9]{0,3} (days|weeks|months|years)"
    r"|since (0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))\Z"
)
Window = Annotated[
    str, Meta(pattern=_WINDOW, description='"30 days", "this month", "since 02-01" or "ever"')
]


class Met(Struct, frozen=True, gc=False):
    """The condition holds: so many times, because of these lines (from 0)."""

    times: int = 1
    lines: tuple[int, ...] = ()


class Missing(Struct, frozen=True):
    """The condition does not hold yet, and how much of what would make it hold.

    code     stable word for machines
    lacking  in the unit that `why` names; 0 where no amount would help
    why      one sentence for people, with `numbers` to fill in
    """

    code: str
    lacking: int
    why: Template
    numbers: Numbers = {}


MET = Met()


class Facts(Struct, frozen=True, omit_defaults=True):
    """What the program may know besides the receipt; kept with the decision, whole.

    available   points that could be spent when it was decided
    spend       points the member asks to pay with, None if not asked
    at          the store's local time of the purchase, without an offset
    card        the label of the batch the card is of
    payments    (method, minor units) as the till says
    who         the member's stable key for samples
    favourites  what the member chose in advance: SKUs and categories
    event       the declared type, where it is not a receipt that is decided; `data` its fields
    known       {key of a need: its value}; what is not there is not known
    """

    member: bool
    may_spend: bool = False
    available: int = 0
    spend: int | None = None
    at: datetime | None = None
    store: str = ""
    region: str = ""
    channel: str = "store"
    till: str = ""
    card: str = ""
    payments: tuple[tuple[str, int], ...] = ()
    who: str = ""
    favourites: tuple[str, ...] = ()
    event: str = ""
    data: dict[str, Value] = {}
    known: dict[str, int] = {}


class Person(Struct, frozen=True):
    """The member as conditions see them; read for one decision, never kept with it.

    chosen    {choice: its options}
    agreed    purpose/channel of consents that count
    complete  per cent of the profile that is known
    """

    registered: bool = False
    joined_on: date | None = None
    born_on: date | None = None
    given_name: str = ""
    language: str = ""
    attributes: dict[str, Value] = {}
    chosen: Mapping[str, Sequence[str]] = {}
    agreed: Sequence[str] = ()
    complete: int | None = None


class History(Struct, frozen=True):
    """A need: something of the member's own purchases in a window that ends with this day.

    "ever" is everything that is posted, also of later days; since, weeks and months look back only.

    measure  receipts, units, minor (paid in money or points, after discounts), days and stores with
             a purchase, categories, since (days since the last one), weeks and months (how many
             in a row up to this one had a purchase; the one that is running may still lack it)
    scope    "" everything, "c:CATEGORY", "s:SKU" (counted from the program that asks on), "e:EVENT"
    """

    measure: Measure
    scope: str = ""
    window: str = "ever"

    @property
    def key(self) -> str:
        """Its name among the known facts."""
        return f"{self.measure} {self.scope or '*'} {self.window}"


class Given(Struct, frozen=True):
    """A need: what a rule has given this member in a period, as `points` (or cents) and `times`.

    per  a period of the calendar, or a `Window` that ends with this day: see `period_start`
    """

    rule: str
    per: Per | Window
    what: Literal["amount", "times"]

    @property
    def key(self) -> str:
        """Its name among the known facts."""
        return f"{self.what} {self.rule} {self.per}"


class Trait(Struct, frozen=True):
    """A need: whether something is so of the person. The key does not say what, on purpose:

    it is kept with receipts for ever, where no personal data may be.
    """

    of: PersonTest

    @property
    def key(self) -> str:
        """Its name among the known facts."""
        return self.of.trait_key()


class PersonTest(Struct, frozen=True, metaclass=Contract):
    """What a condition on the person offers: see `conditions.Personal`."""

    @abstractmethod
    def trait(self, person: Person, on: date) -> int | None:
        """1 or more if it is so, 0 if not, None if not known."""

    def trait_key(self) -> str:
        """A name that tells nothing about the person."""
        said = msgspec.json.encode(self, order="deterministic")
        return f"t:{hashlib.blake2b(said, digest_size=6).hexdigest()}"


class Rank(Struct, frozen=True):
    """A need: the number from 0 of the member's level on a ladder; not known: nowhere."""

    ladder: str

    @property
    def key(self) -> str:
        """Its name among the known facts."""
        return f"tier {self.ladder}"


class Moment(Struct, frozen=True):
    """A need: what only the moment of posting tells; whoever posts puts it among the known facts.

    word  `luck` (of a rule, for this very receipt: from 0 to 2^53 - 1), `stock` (prizes left of
          "DRAW ITEM"), `whole` (of a rule: 1 if nothing of the order has come back), `had` (of a
          rule: 1 if it has given for this order before), `age` (of a rule: the order's, in days)
    """

    word: Literal["luck", "stock", "whole", "had", "age"]
    of: str

    @property
    def key(self) -> str:
        """Its name among the known facts."""
        return f"{self.word} {self.of}"


Need = History | Given | Trait | Rank | Moment


def window_start(window: str, on: date) -> date | None:
    """The first day of a window that ends with `on`; None: it has no beginning.

    errors  AssertionError if it is not a `Window`
    """
    assert re.match(_WINDOW, window), window
    if window == "ever":
        return None
    first, _, rest = window.partition(" ")
    if first == "this":
        return _began(rest, on)
    if first == "since":
        return season_start(rest, on)
    count = int(first)
    if rest in ("days", "weeks"):
        days = count * (7 if rest == "weeks" else 1)
        return on - timedelta(days=min(days - 1, 365_000)) if on.year > 1000 else date.min
    return months_before(on, count * (12 if rest == "years" else 1)) + timedelta(days=1)


def period_start(per: str, on: date) -> date | None:
    """The first day of what `Given` counts in; None: it has no beginning.

    errors  AssertionError if it is neither a `Per` of the calendar nor a `Window`
    """
    return window_start(f"this {per}" if per in ("day", "week", "month", "year") else per, on)


def _began(period: str, on: date) -> date:
    match period:
        case "day":
            return on
        case "week":
            return on - timedelta(days=on.weekday())
        case "month":
            return on.replace(day=1)
        case "quarter":
            return on.replace(month=(on.month - 1) // 3 * 3 + 1, day=1)
        case _:
            return on.replace(month=1, day=1)


def season_start(month_day: str, on: date) -> date:
    """The last day MM-DD that is not after `on`; 29 February is 1 March in other years."""
    month, day = map(int, month_day.split("-"))
    this = _clamped(on.year, month, day)
    return this if this <= on else _clamped(on.year - 1, month, day)


def months_before(on: date, months: int) -> date:
    """The same day of the month, so many months before; the last one where it has no such day."""
    index = min(max(on.year * 12 + on.month - 1 - months, 12), 12 * date.max.year + 11)
    year, month = divmod(index, 12)
    for day in range(on.day, on.day - 4, -1):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _clamped(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:  # 29 February of another year, or a 31st that is none
        return (date(year, month, 28) + timedelta(days=4)).replace(day=1)
