"""The shop adds to a member's donation: "for every euro you give, we give fifty cents"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.conditions.event import Event
from tessera.rules.core.conditions import Condition
from tessera.rules.core.texts import Numbers, Template
from tessera.rules.core.words import Basket, Facts, Lane, Mechanic, Met, Missing, Program, Wish

_CAUSE = "cause"  # of the event: where it is there, what was given to
_OTHER = Missing("cause_other", 0, "the donation is for another cause")
_NOTHING = Missing("amount_short", 1, "the donation is too small for anything to be added")


class DonationMatch(Mechanic, frozen=True, kw_only=True, tag="donation_match"):
    """So many percent of a donation, given by the shop to the same cause; caps limit it.

    type     of the event that tells of a donation, as the program declares it
    field    of the event: a whole number of minor units
    percent  of it, rounded down to whole minor units
    cause    the code of what is given to; `title` what people call it. A donation whose event
             names another one in its field `cause` is not added to

    Points that members give away post such an event by themselves: `transfers.donate.event`.
    """

    lane: ClassVar[Lane] = "gift"
    trigger: ClassVar[Literal["receipt", "event"]] = "event"

    cause: Annotated[Code, Meta(description="its code")]
    percent: Annotated[int, Meta(ge=1, le=1000, description="of the donation")] = 100
    type: Annotated[Code, Meta(description="of a declared event")] = "donation"
    field: Annotated[Code, Meta(description="of the event: the amount in minor units")] = "minor"
    title: Annotated[OptionalCode, Meta(description="what people call the cause")] = ""

    def implied(self) -> Condition:
        """It is a donation of more than nothing."""
        return Event(type=self.type, field=self.field, at_least=1)

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """The amount is a whole number."""
        event = program.events.get(self.type)
        field = event.fields.get(self.field) if event is not None else None
        if field is not None and field.type != "integer":
            yield "field", f"{self.field} is {field.type}", "name a field that is an integer"

    def gives(self) -> tuple[Template, Numbers]:
        """What is given, for the sentence of the rule."""
        return GIVES, {"percent": self.percent, "cause": self.title or self.cause}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It is for this cause, and comes to a minor unit."""
        if facts.data.get(_CAUSE, self.cause) != self.cause:
            return _OTHER
        return Met() if self._added(facts) else _NOTHING

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """What the shop adds."""
        total = self._added(facts)
        numbers: Numbers = {
            "total_minor": total, "percent": self.percent, "cause": self.title or self.cause,
        }  # fmt: skip
        return Wish("donation", total, (), TOLD, SLIP, numbers, item=self.cause)

    def _added(self, facts: Facts) -> int:
        amount = facts.data.get(self.field, 0)
        return max(amount, 0) * self.percent // 100 if type(amount) is int else 0


TOLD = "we add {total_minor} to your donation: {cause}"
SLIP = "we add {total_minor}"
GIVES = "the shop adds {percent} % to what is donated: {cause}"
SCENARIOS = """
program events={donation: {fields: {minor: {type: integer, least: 1}}}}
rule donation_match cause=FOODBANK percent=50
event donation minor=1000
----
points                  0
donation FOODBANK     500

# No more than 20.00 a month.
program events={donation: {fields: {minor: {type: integer, least: 1}}}}
rule donation_match id=match cause=FOODBANK caps=[{per: month, most: 2000}]
event donation minor=1000
know amount match month = 1700
----
points                  0
donation FOODBANK     300

program events={donation: {fields: {minor: {type: integer, least: 1}, cause: {}}}}
rule donation_match cause=FOODBANK percent=50
event donation minor=1000 cause=FOREST
----
points                  0
missing cause_other     0

program events={donation: {fields: {minor: {type: integer, least: 1}}}}
rule donation_match cause=FOODBANK percent=50
event donation minor=1
----
points                  0
missing amount_short    1
"""
