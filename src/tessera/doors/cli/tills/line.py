"""A line that is cut by a plan, and a till that is on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Literal

from tessera.till import Away, How, Till
from tessera.till.wire import Heard, Wire

Condition = Literal["whole", "cut", "deaf"]  # deaf: what is asked arrives, the answer does not


class Line:
    """What the line of one till is now."""

    def __init__(self) -> None:
        self.condition: Condition = "whole"


class CutWire(Wire):
    """A way to the server over a line that may be cut."""

    line: Line

    def call(
        self, method: str, path: str, body: Any = None, key: str = "", *, many: bool = False
    ) -> Heard:
        """As over any wire, if it is whole."""
        if self.line.condition == "cut":
            raise Away("the line is cut, by plan", sent=False)
        heard = super().call(method, path, body, key, many=many)
        if self.line.condition == "deaf":
            raise Away("the answer is lost, by plan")
        return heard


class CutTill(Till):
    """A till on such a line."""

    def __init__(
        self, directory: Path, url: str, key: str, store: str, till: str, how: How | None = None
    ) -> None:
        self.line = Line()
        super().__init__(directory, url, key, store, till, how)

    def dial(self, url: str, key: str) -> Wire:
        """A wire that knows the line."""
        wire = CutWire(url, key, self.how)
        wire.line = self.line
        return wire


def plan(chance: Random, sales: int, percent: int) -> Sequence[Condition]:
    """The line's condition at each of a till's steps: cuts of some length, lost answers.

    percent  of the steps, about, at which it is not whole
    """
    found: list[Condition] = []
    while len(found) < sales:
        condition: Condition = "whole"
        if chance.randrange(100) < percent:
            condition = chance.choice(("cut", "cut", "deaf"))
        found += [condition] * chance.randint(1, 12)
    return found[:sales]
