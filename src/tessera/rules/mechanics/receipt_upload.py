"""Points for a receipt from elsewhere that a member uploads: "1 point for every full euro"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.conditions.event import Event
from tessera.rules.core.conditions import Condition
from tessera.rules.core.earning import SLIP, least_for_one
from tessera.rules.core.settings import Cap
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import (
    Basket,
    Facts,
    Lane,
    Mechanic,
    Met,
    Missing,
    Program,
    Wish,
    one_many,
)


class ReceiptUpload(Mechanic, frozen=True, kw_only=True, tag="receipt_upload"):
    """`points` for every full `per` of what an uploaded receipt comes to.

    Whoever reads the picture sends the event, with the receipt's own number as the event's id: the
    same receipt earns once, whoever uploads it again.

    type  of the event, as the program declares it
    field of the event: the receipt's total, a whole number of minor units
    caps  once a day, if the rule does not say otherwise
    """

    lane: ClassVar[Lane] = "earning"
    trigger: ClassVar[Literal["receipt", "event"]] = "event"

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    per_minor: Annotated[int, Meta(ge=1, le=10**9, description="in minor units")]
    type: Annotated[Code, Meta(description="of a declared event")] = "receipt_uploaded"
    field: Annotated[Code, Meta(description="of the event: the total in minor units")] = "minor"
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="day", times=1),)

    def implied(self) -> Condition:
        """It is such an event, and says what the receipt comes to."""
        return Event(type=self.type, field=self.field, at_least=1)

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """The total is a whole number."""
        event = program.events.get(self.type)
        field = event.fields.get(self.field) if event is not None else None
        if field is not None and field.type != "integer":
            yield "field", f"{self.field} is {field.type}", "name a field that is an integer"

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        return GIVES, {"count": self.points, "per_minor": self.per_minor}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It is enough for a point."""
        total = self._total(facts)
        points = total * self.points // self.per_minor
        if points:
            return Met(points)
        lacking = least_for_one(self.points, self.per_minor, "down") - total
        return Missing("amount_short", lacking, SHORT, {"lacking_minor": lacking})

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The points; an event has no lines to share them over."""
        numbers: Numbers = {
            "count": met.times, "points": self.points, "per_minor": self.per_minor,
            "sum_minor": self._total(facts),
        }  # fmt: skip
        return Wish("points", met.times, (), TOLD, SLIP, numbers)

    def _total(self, facts: Facts) -> int:
        total = facts.data.get(self.field, 0)
        return max(total, 0) if type(total) is int else 0


SHORT = "the receipt is {lacking_minor} short of a point"
TOLD = one_many(
    "+{count} point for a receipt of {sum_minor}", "+{count} points for a receipt of {sum_minor}"
)
GIVES = one_many(
    "{count} point for every {per_minor} of an uploaded receipt",
    "{count} points for every {per_minor} of an uploaded receipt",
)
SCENARIOS = """
program events={receipt_uploaded: {fields: {minor: {type: integer, least: 1}}}}
rule receipt_upload points=1 per=1.00
event receipt_uploaded minor=2350
----
points                 23

program events={receipt_uploaded: {fields: {minor: {type: integer, least: 1}}}}
rule receipt_upload points=1 per=10.00
event receipt_uploaded minor=650
----
points                  0
missing amount_short  350

program events={receipt_uploaded: {fields: {minor: {type: integer, least: 1}}}}
rule receipt_upload id=upload points=1 per=1.00
event receipt_uploaded minor=2350
know times upload day = 1
----
points                  0
missing cap_reached     0
"""
