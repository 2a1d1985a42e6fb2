"""A day of one till: sales, returns, points, duplicates, while its line comes and goes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from tessera.doors.cli.tills.line import Condition, CutTill
from tessera.till import Away, Line, Refused, Sale

_GOODS = (("LATTE", 250), ("CAKE", 400), ("BREAD", 320), ("WINE", 990), ("OIL", 1450))


@dataclass
class Made:
    """A sale as the till let it go: number, points taken off the price, what it is now."""

    number: str
    card: str | None
    spent: int
    off_minor: int
    returned: bool = False


@dataclass
class Day:
    """What one till has done so far; the table reads it while it goes on."""

    till: CutTill
    chance: Random
    cards: Sequence[str]
    conditions: Sequence[Condition]
    steps: int = 0
    made: list[Made] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    tally: dict[str, int] = field(default_factory=dict)
    trouble: str = ""

    def run(self) -> None:
        """Every step of the plan, then all that waits is sent over a whole line."""
        for condition in self.conditions:
            self.till.line.condition = condition
            self._step()
            self.steps += 1
        self.till.line.condition = "whole"
        for _ in range(100):
            report = self.till.send()
            self.trouble = report.trouble
            if not report.left:
                return
            time.sleep(0.05)  # the till leaves a line that was cut alone for a while

    def _step(self) -> None:
        dice = self.chance.randrange(100)
        if dice < 10 and self.made:
            self._give_back()
        elif dice < 20 and self.made:
            self._again(self.chance.choice(self.made))
        elif dice < 30:
            self.till.send()
        else:
            self._sell()

    def _sell(self) -> None:
        chance = self.chance
        lines = [
            Line(sku, chance.randint(1, 4), minor)
            for sku, minor in chance.sample(_GOODS, chance.randint(1, len(_GOODS)))
        ]
        card = chance.choice(self.cards) if chance.random() < 0.7 else None
        spend = self._wish(card) if card is not None and chance.random() < 0.4 else 0
        sold = self.till.sell(Sale(lines, card, spend))
        self._count(sold.state)
        if sold.state in ("void", "refused") and spend:
            sold = self.till.sell(Sale(lines, card))  # then the customer pays all of it
            self._count(sold.state)
        if sold.state in ("done", "queued"):
            self.made.append(Made(sold.number, card, sold.points_spent, sold.off_minor))

    def _wish(self, card: str) -> int:
        try:
            member = self.till.identify(card)
        except Refused:
            return 0
        most = member.available if member.online else member.may_spend
        too_many = 100 if self.chance.random() < 0.1 else 0
        return self.chance.randint(0, min(most, 200)) + too_many

    def _give_back(self) -> None:
        sold = self.chance.choice(self.made)
        if sold.returned:
            return
        sold.returned = True
        said = self.till.give_back(sold.number)
        self._count("return" if said.state != "refused" else f"return {said.code}")
        if said.state in ("done", "queued"):
            self.back.append(said.number)

    def _again(self, sold: Made) -> None:
        """The same receipt once more, in the same words under the same key: as a line may do."""
        entry = self.till.find(sold.number)
        if entry is None or entry.state not in ("done", "queued"):
            return
        wire = self.till.dial(self.till.url, self.till.key)
        try:
            wire.call("POST", "/v1/receipts", entry.body, entry.key)
            self._count("duplicate")
        except Away:
            pass
        finally:
            wire.close()

    def _count(self, what: str) -> None:
        self.tally[what] = self.tally.get(what, 0) + 1


def total(days: Sequence[Day], what: str) -> int:
    """How often that happened at all tills."""
    return sum(day.tally.get(what, 0) for day in days)
