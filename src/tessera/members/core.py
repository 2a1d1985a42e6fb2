"""People and the cards, phones and addresses that name them. Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.warehouse.core import Identifier

Status = Literal["active", "blocked", "replaced"]
Value = bool | int | str  # of an attribute; what it may be, the program says
Language = Literal["en", "it", "pl", "ru", "zh"]

DIGITS = 12  # of an EAN-13, before its check digit
MAX_ISSUE = 10_000_000  # numbers in one batch
MAX_FAVOURITES = 20
_OLDEST = 130  # years; a birthday before that is a typing error
_DIGITS = re.compile(r"[0-9]{13}", re.ASCII)
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII)
_WORD = re.compile(r"[!-~]{1,128}")
_UNSAID = str.maketrans("", "", " -()")


class Owner(Struct, frozen=True):
    """Whose identifier it is. A member who is not `registered` is the shadow of a card.

    favourites  articles and categories chosen in advance
    """

    member_id: UUID
    account_id: UUID
    status: Status
    registered: bool
    favourites: tuple[str, ...] = ()


class Profile(Struct, frozen=True):
    """What a program may ask about the person: read for one decision, kept with none."""

    registered_at: datetime | None
    language: str
    given_name: str = ""
    born_on: date | None = None
    attributes: dict[str, Value] = {}


class CardBatch(Struct, frozen=True):
    """A run of card numbers: `prefix`, serials from `first` on, `count` of them."""

    id: UUID
    label: str
    prefix: str
    first: int
    count: int
    issued_at: datetime

    def span(self) -> range:
        """Its numbers without their check digits, as integers."""
        start = int(self.prefix.ljust(DIGITS, "0")) + self.first
        return range(start, start + self.count)


class NewMember(Struct, frozen=True):
    """Who registers. Identifiers are in normal form."""

    identifiers: tuple[Identifier, ...]
    given_name: str = ""
    family_name: str = ""
    born_on: date | None = None
    language: Language = "en"
    attributes: dict[str, Value] = {}
    favourites: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """What becomes known of a member.

    attributes  are put beside those that are known; None takes one away
    favourites  take the place of those chosen before; None leaves them
    """

    attributes: dict[str, Value | None] = {}
    favourites: tuple[str, ...] | None = None


class Registered(Struct, frozen=True):
    """A member is registered; `shadow` when an unregistered card's points came along."""

    member_id: UUID
    account_id: UUID
    shadow: bool


class Held(Struct, frozen=True):
    """An identifier that a member holds, in full."""

    identifier: Identifier
    status: Status
    status_reason: str
    since: datetime


class Member(Struct, frozen=True):
    """A member with personal data and identifiers in full: mask before showing."""

    id: UUID
    account_id: UUID
    seen_at: datetime
    registered_at: datetime | None
    language: Language
    given_name: str
    family_name: str
    born_on: date | None
    attributes: dict[str, Value]
    favourites: list[str]
    identifiers: tuple[Held, ...] = ()


class MemberCard(Struct, frozen=True):
    """What one lookup by any identifier tells."""

    identifier: Identifier
    owner: Owner
    status_reason: str
    given_name: str
    family_name: str
    language: Language


# Numbers of cards ------------------------------------------------------------------------------


def check_digit(first_twelve: str) -> str:
    """The thirteenth digit of an EAN-13.

    shape   twelve digits in, one digit out
    errors  AssertionError if they are not twelve digits
    source  GS1 General Specifications 7.9.1: weights 1, 3, 1, 3 ... from the left
    """
    assert len(first_twelve) == DIGITS and first_twelve.isdecimal(), "twelve digits"
    weighed = sum(map(int, first_twelve[::2])) + 3 * sum(map(int, first_twelve[1::2]))
    return str(-weighed % 10)


def card_number(prefix: str, serial: int) -> str:
    """The EAN-13 of a prefix and a serial. Errors: AssertionError if they do not fit 12 digits."""
    body = prefix + str(serial).rjust(DIGITS - len(prefix), "0")
    return body + check_digit(body)


def is_card_number(text: str) -> bool:
    """Whether these are thirteen digits whose last one fits."""
    return _DIGITS.fullmatch(text) is not None and text[DIGITS] == check_digit(text[:DIGITS])


class Labels:
    """The labels of batches, ready to be asked for many cards."""

    __slots__ = ("_labels", "_starts", "_stops")

    def __init__(self, batches: Iterable[CardBatch] = ()) -> None:
        spans = sorted((b.span().start, b.span().stop, b.label) for b in batches if b.label)
        self._starts = [start for start, _, _ in spans]
        self._stops = [stop for _, stop, _ in spans]
        self._labels = [label for _, _, label in spans]

    def of(self, identifier: Identifier | None) -> str:
        """The label of the batch a card is of; "" for what is no card, or of no such batch."""
        if not self._starts or identifier is None or identifier.kind != "card":
            return ""
        number = identifier.value
        if not is_card_number(number):
            return ""
        body = int(number[:DIGITS])
        place = bisect_right(self._starts, body) - 1
        return self._labels[place] if place >= 0 and body < self._stops[place] else ""


def in_batch(number: str, batches: Iterable[CardBatch]) -> bool:
    """Whether we issued this number."""
    if not is_card_number(number):
        return False
    body = int(number[:DIGITS])
    return any(body in batch.span() for batch in batches)


def numbers(batch: CardBatch, after: int, limit: int) -> list[str]:
    """At most `limit` numbers of a batch, beginning with its `after`-th (from 0)."""
    end = min(after + limit, batch.count)
    return [card_number(batch.prefix, batch.first + n) for n in range(after, end)]


def next_serial(prefix: str, count: int, batches: Iterable[CardBatch]) -> int | Refusal:
    """The first free run of `count` serials of a prefix, after what was issued before it.

    Prefixes may begin alike (20 and 2000): their numbers are the same space.
    errors  prefix_full
    """
    size = 10 ** (DIGITS - len(prefix))
    start = free = int(prefix.ljust(DIGITS, "0"))
    for span in sorted((batch.span() for batch in batches), key=lambda span: span.start):
        if span.start >= free + count:
            break
        free = max(free, span.stop)
    if free + count <= start + size:
        return free - start
    return Refusal(
        "prefix_full", "prefix", f"{count} more numbers in a row do not fit prefix {prefix}",
        "use another prefix, a shorter one, or a smaller count",
    )  # fmt: skip


# Identifiers -----------------------------------------------------------------------------------


def normal(kind: Literal["card", "phone", "email", "external"], value: str) -> Identifier | Refusal:
    """The one spelling of an identifier. Cards and external ids stay as they are.

    errors  phone_invalid, email_invalid, identifier_invalid; the field is `value`
    """
    if kind == "phone":
        value = value.translate(_UNSAID)
        if _PHONE.fullmatch(value) is None:
            return Refusal(
                "phone_invalid", "value", "a phone is + and 7 to 15 digits, country code first",
                "send it like +39 333 1234567",
            )  # fmt: skip
    elif kind == "email":
        value = value.strip().lower()
        if _EMAIL.fullmatch(value) is None or len(value) > 128:
            return Refusal(
                "email_invalid", "value", "this is not an address of plain letters",
                "send it like anna@example.org",
            )  # fmt: skip
    elif _WORD.fullmatch(value) is None:
        return Refusal(
            "identifier_invalid", "value", f"a {kind} is 1 to 128 plain characters without spaces",
            "send what the scanner reads",
        )  # fmt: skip
    return Identifier(kind, value)


def registration(
    asked: Sequence[Identifier],
    owners: Mapping[Identifier, Owner],
    batches: Iterable[CardBatch],
) -> Owner | Refusal | None:
    """Whose place a registration takes: a shadow's, or None for a new member.

    errors  in the order of `asked`: card_blocked, card_replaced, identifier_taken, card_not_issued;
            then merge_needed
    """
    batches = tuple(batches)
    shadow: Owner | None = None
    for index, identifier in enumerate(asked):
        field = f"identifiers[{index}].value"
        owner = owners.get(identifier)
        refusal = unusable(identifier, owner, batches, field)
        if refusal is not None:
            return refusal
        if owner is None or owner == shadow:
            continue
        if shadow is not None and owner.member_id != shadow.member_id:
            return Refusal(
                "merge_needed", field, "two of these identifiers have accounts of their own",
                "register with one of them; joining two accounts is a step of its own",
            )  # fmt: skip
        shadow = owner
    return shadow


def unusable(
    identifier: Identifier, owner: Owner | None, batches: Iterable[CardBatch], field: str
) -> Refusal | None:
    """Why nobody can register with this identifier, or None."""
    if owner is None:
        return not_issued(identifier, batches, field)
    if owner.status != "active":
        return Refusal(
            f"card_{owner.status}", field, f"this {identifier.kind} is {owner.status}",
            "use another card",
        )  # fmt: skip
    if owner.registered:
        return Refusal(
            "identifier_taken", field, f"this {identifier.kind} belongs to a registered member",
            "look the member up, or use another",
        )  # fmt: skip
    return None


def not_issued(identifier: Identifier, batches: Iterable[CardBatch], field: str) -> Refusal | None:
    """A card that nobody saw yet must be one of the numbers issued; others need no list."""
    number = identifier.value
    if identifier.kind != "card" or in_batch(number, batches):
        return None
    if _DIGITS.fullmatch(number) and not is_card_number(number):
        why, cure = f"the last digit of {number} does not fit the others", "scan or type it again"
    else:
        why, cure = f"{number} was not issued", "issue a batch of cards that holds it first"
    return Refusal("card_not_issued", field, why, cure)


def born_fault(born_on: date | None, today: date) -> Refusal | None:
    """A birthday lies in the past, and within a person's life."""
    if born_on is None or (born_on <= today and today.year - born_on.year <= _OLDEST):
        return None
    return Refusal(
        "born_on_impossible", "born_on", f"nobody alive was born on {born_on}",
        "send the day as year-month-day, or leave it out",
    )  # fmt: skip


# For people to see -----------------------------------------------------------------------------


def masked_name(given: str, family: str) -> str:
    """ "Anna R.": enough to greet, too little to find."""
    return f"{given} {family[:1]}." if given and family else given or (family and f"{family[0]}.")


def masked(identifier: Identifier) -> str:
    """An identifier that cannot be used: +39•••••1234, a•••@example.org. Cards and ids in full."""
    value = identifier.value
    if identifier.kind == "phone":
        tail = 4 if len(value) >= 12 else 2
        return value[:3] + "•" * (len(value) - 3 - tail) + value[-tail:]
    if identifier.kind == "email":
        return f"{value[0]}•••@{value.partition('@')[2]}"
    return value
