"""What has happened besides a purchase: a survey answered, a check-in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from tessera.base.text import Code, OptionalCode
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing, Value
from tessera.rules.core.phrases import by_bounds, listed, value_words
from tessera.rules.core.texts import Numbers, Template

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

Number = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Text = Annotated[str, Meta(max_length=200)]


class Event(Condition, frozen=True, tag="event"):
    """It is an event of this type, and perhaps one of its fields is as asked.

    type    as the program declares it under `events`
    field   of the event; it has one of `values`, or lies between at_least and at_most; without
            any of these, it was told
    """

    type: Code
    field: OptionalCode = ""
    values: Annotated[tuple[bool | Number | Text, ...], Meta(max_length=200)] = ()
    at_least: Number | None = None
    at_most: Number | None = None

    def __post_init__(self) -> None:
        bounded = self.at_least is not None or self.at_most is not None
        if self.values and bounded:
            raise ValueError("a field has values or bounds: name one kind, join with `all`")
        if not self.field and (self.values or bounded):
            raise ValueError("the values or bounds are of no field: add field")

    def reading(self) -> Reading:
        """The type, then the field."""
        kind, name, fits = self.type, self.field, self._fits
        other = Missing("other_event", 0, "only for {type}", {"type": kind})
        why, numbers = self._field_told()
        unfit = Missing("event_field", 0, why, numbers)

        def event(basket: Basket, facts: Facts) -> Met | Missing:
            if facts.event != kind:
                return other
            return MET if not name or fits(facts.data.get(name)) else unfit

        return event

    def sentence(self) -> tuple[Template, Numbers]:
        """The type, and what of the field."""
        if not self.field:
            return "the event is {type}", {"type": self.type}
        _, numbers = self._field_told()
        return self._pick(SAID), {"type": self.type, **numbers}

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """What the program does not declare."""
        declared = program.events.get(self.type)
        if declared is None:
            yield "type", f"there is no event {self.type}", "declare it under `events`"
            return
        if not self.field:
            return
        field = declared.fields.get(self.field)
        if field is None:
            why = f"the event {self.type} has no field {self.field}"
            yield "field", why, f"one of {listed(list(declared.fields))}"
        elif self.values:
            for value in self.values:
                why = field.fault(value)
                if why:
                    yield "values", why, "write what the field can be"
        elif field.type != "integer" and (self.at_least is not None or self.at_most is not None):
            name = "at_least" if self.at_least is not None else "at_most"
            yield name, f"{self.field} is {field.type}, it has no bounds", "list `values`"

    def _fits(self, value: Value | None) -> bool:
        if value is None:
            return False
        if self.values:
            return any(type(each) is type(value) and each == value for each in self.values)
        if self.at_least is None and self.at_most is None:
            return True
        if not isinstance(value, int) or isinstance(value, bool):
            return False
        low = self.at_least is None or value >= self.at_least
        return low and (self.at_most is None or value <= self.at_most)

    def _field_told(self) -> tuple[Template, Numbers]:
        numbers: dict[str, int | str] = {"field": self.field}
        if self.values:
            numbers["values"] = value_words(self.values)
        if self.at_least is not None:
            numbers["least"] = self.at_least
        if self.at_most is not None:
            numbers["most"] = self.at_most
        return self._pick(ONLY), numbers

    def _pick(self, texts: tuple[str, str, str, str, str]) -> str:
        if self.values:
            return texts[3]
        if self.at_least is None and self.at_most is None:
            return texts[4]
        return by_bounds(self.at_least, self.at_most, texts[:3])


ONLY = (
    "only with {field} from {least} to {most}",
    "only with {field} of {least} or more",
    "only with {field} of {most} or less",
    "only with {field} {values}",
    "only with {field}",
)
SAID = (
    "the event is {type} with {field} from {least} to {most}",
    "the event is {type} with {field} of {least} or more",
    "the event is {type} with {field} of {most} or less",
    "the event is {type} with {field} {values}",
    "the event is {type} with {field}",
)
EXAMPLES = """
event: survey_answered
event survey_answered score=9
-> met

event: {type: survey_answered, field: score, at_least: 9}
event survey_answered score=8
-> event_field 0: only with score of 9 or more

event: {type: review, field: stars, values: [4, 5]}
event review stars=5
-> met

event: survey_answered
buy LATTE 1 x 2.50
-> other_event 0: only for survey_answered
"""
