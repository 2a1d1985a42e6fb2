"""What a warning is found in, and what a warning says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from msgspec import Struct

from tessera.program.core.dead import reason
from tessera.rules.core.words import Mechanic, Program


class Caution(Struct, frozen=True):
    """Something to think about before publishing; it stops nobody.

    code  the kind of warning: its file's name; rule: the id of the rule, "" for the program
    """

    code: str
    rule: str
    why: str
    cure: str


@dataclass(frozen=True)  # no slots: what is dead is found once
class Seen:
    """A sound program and what is known around it.

    before  the one that decides now, None if there is none to compare with
    gave    the rules that gave something in a test that passed
    on      the day from which it would decide
    """

    body: Mapping[str, Any]
    program: Program
    on: date
    before: Program | None = None
    gave: frozenset[str] = field(default_factory=frozenset)

    @cached_property
    def dead(self) -> dict[str, str]:
        """{rule that can never give: why}."""
        found = {rule.id: reason(rule, self.on) for rule in self.program.rules}
        return {rule: why for rule, why in found.items() if why}

    @property
    def in_order(self) -> list[Mechanic]:
        """The rules as they are asked: by lanes, base rules and higher priorities first."""
        plan = self.program.plan
        return [each.rule for lane in (*plan.lanes, *plan.events) for each in lane.rules]
