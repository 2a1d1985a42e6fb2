"""A prize for something else than buying: "50 points for a review", "a coffee for checking in"."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.conditions.event import Event, Number, Text
from tessera.rules.core.conditions import Condition
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap


class EventGift(PrizeMechanic, frozen=True, kw_only=True, tag="event_gift"):
    """The prize with every event of this type, where one of its fields may have to fit.

    type    as the program declares it under `events`
    field   has one of `values`, or lies between `at_least` and `at_most`; more of them by `when`
    prize   no discount: an event costs nothing
    caps    once a day, if the rule does not say otherwise
    """

    trigger: ClassVar[Literal["receipt", "event"]] = "event"

    type: Annotated[Code, Meta(description="of a declared event")]
    field: Annotated[OptionalCode, Meta(description="of the event")] = ""
    values: Annotated[tuple[bool | Number | Text, ...], Meta(max_length=200)] = ()
    at_least: Annotated[Number, Meta(description="the least the field may be")] | None = None
    at_most: Annotated[Number, Meta(description="the most the field may be")] | None = None
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="day", times=1),)

    def __post_init__(self) -> None:
        self.implied()  # it finds bounds that do not fit together
        if self.prize.lane == "price":
            raise ValueError("an event costs nothing: give points, a gift or a coupon")

    def implied(self) -> Condition:
        """It is such an event."""
        return Event(
            type=self.type, field=self.field, values=self.values, at_least=self.at_least,
            at_most=self.at_most,
        )  # fmt: skip


SCENARIOS = """
program events={review: {fields: {stars: {type: integer, least: 1, most: 5}}}}
rule event_gift type=review prize={points: 50}
event review stars=2
----
points                 50

program events={survey: {fields: {score: {type: integer, least: 0, most: 10}}}}
rule event_gift type=survey field=score at_least=9 prize={coupon: THANKS}
event survey score=8
----
points                  0
missing event_field     0

program events={check_in: {}}
rule event_gift id=coffee type=check_in prize={gift: COFFEE}
event check_in
know times coffee day = 1
----
points                  0
missing cap_reached     0
"""
