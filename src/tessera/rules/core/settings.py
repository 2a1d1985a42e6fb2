"""The settings of rules and programs: caps, samples, groups, what may be known and may happen."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.text import Code, Name, OptionalCode
from tessera.rules.core.facts import Per, Value


class Cap(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A limit that trims: so much, or so often, on a receipt or in a period of a member.

    most   points, minor units or pieces, whatever the rule gives
    times  receipts (or events) on which it gives
    """

    per: Per
    most: Annotated[int, Meta(ge=1, le=10**12)] | None = None
    times: Annotated[int, Meta(ge=1, le=10**6)] | None = None


class Sample(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The members whose stable draw from 0 to 100 % lies in (above, upto].

    salt  rules with one salt draw together: `upto: 90` and `above: 90` part the members; left
          empty, the rule's id is the salt
    """

    above: Annotated[int, Meta(ge=0, le=99)] = 0
    upto: Annotated[int, Meta(ge=1, le=100)] = 100
    salt: OptionalCode = ""


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """From this local day on the rule is for so many percent of the members."""

    on: date
    upto: Annotated[int, Meta(ge=0, le=100, description="percent of the members")]


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """How the one rule of an exclusive group is picked: by priority, or by what it is worth."""

    pick: Literal["first", "best_for_member", "best_for_shop"] = "first"


class Control(Struct, frozen=True, forbid_unknown_fields=True):
    """A permanent control group: so many percent of the members, drawn with this salt."""

    percent: Annotated[int, Meta(ge=1, le=50)]
    salt: OptionalCode = "control"


class Offline(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a till may let a card spend while it is cut off from the server.

    points         the most that one allowance is for
    share_percent  of the available points, when the allowance is given
    days           how long it may be used
    tills          so many may have one for the same member at a time
    step           so many points ...
    worth_minor    ... pay so much; tell what the program's payment rule tells
    max_percent    of what points may pay at all on a receipt
    """

    points: Annotated[int, Meta(ge=1, le=10**9)]
    share_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    days: Annotated[int, Meta(ge=1, le=31)] = 3
    tills: Annotated[int, Meta(ge=1, le=100)] = 3
    step: Annotated[int, Meta(ge=1, le=10**9)] = 1
    worth_minor: Annotated[int, Meta(ge=1, le=10**9)] = 1
    max_percent: Annotated[int, Meta(ge=1, le=100)] = 100


class Attribute(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that may be known of a member.

    values    for `choice`: what it may be
    required  it counts for a complete profile, with this `weight`
    least     and `most` bound an integer, or a date (year-month-day)
    member    who it is about sees it, or sets it too; else it is `hidden` from the member
    staff     may set it, or only see what the member says
    """

    type: Literal["text", "integer", "boolean", "date", "choice"] = "text"
    name: Name = ""
    values: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    required: bool = False
    weight: Annotated[int, Meta(ge=1, le=1000)] = 1
    least: int | str | None = None
    most: int | str | None = None
    member: Literal["hidden", "sees", "sets"] = "hidden"
    staff: Literal["sees", "sets"] = "sets"

    def fault(self, value: Value) -> str:
        """Why a member's value cannot be this; "" if it can."""
        why = _misfit(self, value) if self.type != "date" else _no_date(value)
        return why or _outside(self, value)


class Field(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A field of an event. `least` and `most` bound an integer."""

    type: Literal["text", "integer", "boolean", "choice"] = "text"
    values: Annotated[tuple[Code, ...], Meta(max_length=200)] = ()
    least: int | None = None
    most: int | None = None
    required: bool = True

    def fault(self, value: Value) -> str:
        """Why an event's data cannot be this; "" if it can."""
        return _misfit(self, value)


class EventType(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that may happen besides a receipt: a survey, a review, a check-in."""

    name: Name = ""
    fields: dict[Code, Field] = {}

    def fault(self, data: dict[str, Value]) -> tuple[str, str] | None:
        """(field, why) of the first thing that is wrong with an event's data; None if nothing."""
        for name in data:
            if name not in self.fields:
                return name, f"the event has no field {name}"
        for name, field in self.fields.items():
            if name not in data:
                if field.required:
                    return name, f"the field {name} is missing"
                continue
            why = _misfit(field, data[name])
            if why:
                return name, why
        return None


def _misfit(field: Field | Attribute, value: Value) -> str:
    kinds = {"text": str, "choice": str, "integer": int, "boolean": bool}
    if type(value) is not kinds[field.type]:
        return f"{value!r} is not {field.type}"
    if field.type == "choice" and value not in field.values:
        return f"{value!r} is none of {', '.join(field.values)}"
    if isinstance(field, Field) and isinstance(value, int):
        return _beyond(field, value)
    return ""


def _no_date(value: Value | None) -> str:
    try:
        said = date.fromisoformat(value if isinstance(value, str) else "").isoformat()
    except ValueError:
        said = ""
    return "" if said and said == value else f"{value!r} is no date, write it year-month-day"


def _outside(attribute: Attribute, value: Value) -> str:
    """Dates of one form compare as text."""
    if attribute.type not in ("integer", "date"):
        return ""
    for end, sign, word in ((attribute.least, 1, "below"), (attribute.most, -1, "above")):
        if end is None or isinstance(end, str) is not isinstance(value, str):
            continue
        low, high = (value, end) if sign > 0 else (end, value)
        if low < high:  # type: ignore[operator]  # both are numbers, or both are dates
            return f"{value} is {word} {end}"
    return ""


def _beyond(field: Field, value: int) -> str:
    if field.least is not None and value < field.least:
        return f"{value} is below {field.least}"
    if field.most is not None and value > field.most:
        return f"{value} is above {field.most}"
    return ""


def draw(salt: str, who: str) -> int:
    """A member's stable number from 0 to 9,999 under a salt: hundredths of a percent.

    source  BLAKE2b; the same in every process, release and replay
    """
    digest = hashlib.blake2b(f"{salt}\n{who}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") * 10_000 >> 64
