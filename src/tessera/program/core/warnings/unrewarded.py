"""Joining, a complete profile or a donation posts an event for which no rule gives anything."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.declared import placed_conditions
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase

POSTS = "`{field}` posts {event}, and no rule gives anything for it"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each of the three."""
    enrolment, offered = seen.program.enrolment, seen.program.ways.transfers.donate
    rewarded = {
        getattr(condition, "type", "")
        for rule in seen.program.rules
        for _, condition in placed_conditions(rule, "")
        if condition.code == "event"
    }
    for field, event in (
        ("enrolment.welcome", enrolment.welcome), ("enrolment.completed", enrolment.completed),
        ("transfers.donate.event", offered.event if offered is not None else ""),
    ):  # fmt: skip
        if event and event not in rewarded:
            why = phrase(POSTS, field=field, event=event)
            yield Caution("unrewarded", "", why, phrase("add an `event_gift`, or take it away"))
