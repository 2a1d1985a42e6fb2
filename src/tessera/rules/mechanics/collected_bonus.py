"""A prize for an order that was collected and kept: "100 points once two weeks are over"."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.conditions.event import Event
from tessera.rules.core.conditions import Condition
from tessera.rules.core.facts import Moment
from tessera.rules.core.prizes import PrizeMechanic
from tessera.rules.core.settings import Cap
from tessera.rules.core.texts import Numbers, Template, one_many
from tessera.rules.core.words import MET, Basket, Facts, Met, Missing

_UNKNOWN = Missing("order_unknown", 0, "the member has no such receipt")
_BACK = Missing("order_returned", 0, "something of this order has come back")
_OPEN = "something of this order may still come back"
_HAD = Missing("order_rewarded", 0, "this order has had its prize")


class CollectedBonus(PrizeMechanic, frozen=True, kw_only=True, tag="collected_bonus"):
    """The prize with an event about a receipt of the member of which nothing has come back; once.

    It is for what stays sold, so it is given only when the order can come back no more: bought,
    told of and returned within `days`, it has given nothing. A sooner event gives nothing; another
    one may be sent then. What a shop takes back later than it need leaves the prize.

    type    of the event, as the program declares it
    field   of the event: a text with the receipt's number or id
    days    from the purchase, as long as the shop takes goods back; an event posted sooner is too
            early
    prize   no discount: an event costs nothing
    caps    once a day, if the rule does not say otherwise
    """

    trigger: ClassVar[Literal["receipt", "event"]] = "event"

    type: Annotated[Code, Meta(description="of a declared event")] = "collected"
    field: Annotated[Code, Meta(description="of the event: which receipt")] = "receipt"
    days: Annotated[int, Meta(ge=1, le=366, description="in which goods come back")] = 14
    caps: Annotated[tuple[Cap, ...], Meta(max_length=10)] = (Cap(per="day", times=1),)

    def __post_init__(self) -> None:
        if self.prize.lane == "price":
            raise ValueError("an event costs nothing: give points, a gift or a coupon")

    def implied(self) -> Condition:
        """It is such an event, and says which receipt."""
        return Event(type=self.type, field=self.field)

    def needs(self) -> tuple[Moment, Moment, Moment]:
        """Whether all of it was kept, whether it had its prize before, how long ago it was."""
        return Moment("whole", self.id), Moment("had", self.id), Moment("age", self.id)

    def asks(self) -> tuple[Template, Numbers]:
        """What has to be so besides `when`, for the sentence of the rule."""
        return ASKS, {"field": self.field, "count": self.days}

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """The receipt is there, whole, was not named before, and stays sold."""
        whole, had, age = [facts.known.get(need.key) for need in self.needs()]
        if whole is None:
            return _UNKNOWN
        if had:
            return _HAD
        if not whole:
            return _BACK
        left = self.days - (age or 0)
        return Missing("order_open", left, _OPEN) if left > 0 else MET


ASKS = one_many(
    "nothing of the receipt named in {field} has come back in {count} day",
    "nothing of the receipt named in {field} has come back in {count} days",
)
SCENARIOS = """
program events={collected: {fields: {receipt: {}}}}
rule collected_bonus id=kept prize={points: 100}
event collected receipt=W-1001
know whole kept = 1
know age kept = 14
----
points                100

# It can still be returned.
program events={collected: {fields: {receipt: {}}}}
rule collected_bonus id=kept prize={points: 100}
event collected receipt=W-1001
know whole kept = 1
know age kept = 11
----
points                  0
missing order_open      3

program events={collected: {fields: {receipt: {}}}}
rule collected_bonus id=kept prize={points: 100}
event collected receipt=W-1001
know whole kept = 0
----
points                  0
missing order_returned  0

# Another event speaks of it.
program events={collected: {fields: {receipt: {}}}}
rule collected_bonus id=kept prize={points: 100}
event collected receipt=W-1001
know whole kept = 1
know had kept = 1
----
points                  0
missing order_rewarded  0

program events={collected: {fields: {receipt: {}}}}
rule collected_bonus id=kept prize={points: 100}
event collected receipt=W-999
----
points                  0
missing order_unknown   0
"""
