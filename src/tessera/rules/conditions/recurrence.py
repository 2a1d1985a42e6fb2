"""Days and parts of days that recur, as calendars write it: iCalendar's RRULE."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.recurring import Recurring
from tessera.rules.core.texts import Numbers, Template

_START = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T]([01][0-9]|2[0-3]):[0-5][0-9])?\Z"


class Recurrence(Condition, frozen=True, tag="recurrence"):
    """It is within a time that recurs: on "FREQ=MONTHLY;BYDAY=1SA", every first Saturday.

    rule     RFC 5545's RRULE from DAILY to YEARLY, with BYEASTER (days after Easter) added; COUNT
             and UNTIL end it. All times are the store's local ones
    starts   DTSTART: nothing before it counts, and INTERVAL and COUNT begin with it. It may be left
             out where the rule itself says which days it means
    minutes  how long each time lasts; a whole day if not said
    """

    rule: Annotated[
        str,
        Meta(
            max_length=200, pattern=r"^[A-Z]+=[A-Z0-9,+-]+(;[A-Z]+=[A-Z0-9,+-]+){0,12}\Z",
            description="FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR",
        ),
    ]  # fmt: skip
    starts: Annotated[str, Meta(pattern=_START, description="2026-01-05 or 2026-01-05 10:00")] = (
        "2000-01-01"
    )
    minutes: Annotated[int, Meta(ge=1, le=31 * 24 * 60)] = 24 * 60

    def __post_init__(self) -> None:
        recurring = self._recurring()
        if self.starts == "2000-01-01" and recurring.leans_on_start:
            raise ValueError("the rule does not say which days it means: add starts")
        if recurring.never():
            raise ValueError("the rule names no day of forty years: it would never hold")

    def reading(self) -> Reading:
        """A look at the times of the day, which are worked out once."""
        spans_of = self._recurring().spans
        missing = Missing("recurrence", 0, "only {when}", {"when": self._recurring().words()})

        def recurrence(basket: Basket, facts: Facts) -> Met | Missing:
            at = facts.at
            if at is not None:
                minute = at.hour * 60 + at.minute
                for begins, ends in spans_of(at.date()):
                    if begins <= minute < ends:
                        return MET
            return missing

        return recurrence

    def sentence(self) -> tuple[Template, Numbers]:
        """The rule in words."""
        return "it is a time that comes {when}", {"when": self._recurring().words()}

    def _recurring(self) -> Recurring:
        try:
            starts = datetime.fromisoformat(self.starts)
        except ValueError:
            raise ValueError("there is no such day as it starts on") from None
        parts = [part.partition("=") for part in self.rule.split(";")]
        times = {name: values.count(",") + 1 for name, _, values in parts}
        if times.get("BYHOUR", 1) * times.get("BYMINUTE", 1) * times.get("BYSECOND", 1) > 48:
            raise ValueError("the rule names more than 48 times of a day")
        if len({name for name, _, _ in parts}) < len(parts):
            raise ValueError("the rule says something twice")
        return Recurring({name: value for name, _, value in parts}, starts, self.minutes)


EXAMPLES = """
recurrence: FREQ=MONTHLY;BYDAY=1SA
at 2026-02-07 23:59
-> met

recurrence: {rule: FREQ=WEEKLY;BYDAY=FR, starts: 2026-01-02 18:00, minutes: 480}
at 2026-02-07 01:30
-> met

recurrence: {rule: FREQ=WEEKLY;BYDAY=FR, starts: 2026-01-02 18:00, minutes: 480}
at 2026-02-07 02:00
-> recurrence 0: only every week on Friday at 18:00 for 8 hours, from Friday, 2 January 2026 on

recurrence: FREQ=YEARLY;BYEASTER=1
at 2026-04-06 10:00
-> met
"""
