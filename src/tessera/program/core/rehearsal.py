"""A program's own receipts: what it must print, tried before anybody stands at a till.

```
# A comment. Blocks are parted by empty lines.
at 2026-02-07 10:30
buy LATTE 3 x 2.50
----
LATTE 3 x 2.50       7.50
to pay               7.50
points                 30
```
As in `scenario`, without `rule` and `program` lines. Rows `missing ...` need not all be there: what
a test does not mention of the rules that gave nothing is not compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from msgspec import Struct

from tessera.program.core.marked import Mistake
from tessera.program.core.scenario import NotUnderstood, Scenario, parse, told_by
from tessera.rules.core.engine import settle, settle_event
from tessera.rules.core.words import Program

_CURE = "the words are those of the mechanics' scenarios; see `tessera program test --help`"


class Tried(Struct, frozen=True):
    """A test that was tried: where it begins, what was printed and what should have been.

    gave  the rules that gave something
    """

    file: str
    line: int
    told: str
    expected: str
    gave: frozenset[str]

    @property
    def passed(self) -> bool:
        """It printed what it should."""
        return self.told == self.expected


@dataclass(frozen=True)
class _Block:
    file: str
    numbers: tuple[int, ...]  # of its lines in the file
    text: str


def rehearse(tests: Mapping[str, str], program: Program) -> tuple[list[Tried], list[Mistake]]:
    """Try every block of every file: (what came of them, what could not be understood)."""
    tried, mistakes = [], []
    for file in sorted(tests):
        for block in _blocks(file, tests[file]):
            try:
                tried.append(_try(block, program))
            except NotUnderstood as wrong:
                line = block.numbers[min(wrong.line, len(block.numbers)) - 1]
                mistakes.append(Mistake(file, line, "", wrong.why.split("\n")[0], _CURE))
    return tried, mistakes


def gave_in(tried: list[Tried]) -> frozenset[str]:
    """The rules that gave something in a test that passed."""
    return frozenset(rule for each in tried if each.passed for rule in each.gave)


def _try(block: _Block, program: Program) -> Tried:
    scenario = parse(block.text, whole=True)
    if scenario.kept is not None and len(scenario.kept) != len(scenario.lines):
        raise NotUnderstood(len(block.numbers), "keep names each line of the receipt")
    try:
        told = told_by(scenario, program)
        gave = _gave(scenario, program)
    except (TypeError, ValueError) as wrong:  # a fact that there is not: store S1 regoin=north
        raise NotUnderstood(1, str(wrong)) from wrong
    expected = "\n".join(line.rstrip() for line in scenario.expected.splitlines())
    return Tried(block.file, block.numbers[0], _mentioned(told, expected), expected, gave)


def _gave(scenario: Scenario, program: Program) -> frozenset[str]:
    needs = program.plan.needs
    facts = scenario.said.facts_for(needs, scenario.member, scenario.have, scenario.spend)
    story = settle_event(facts, program) if facts.event else settle(scenario.lines, facts, program)
    return frozenset(effect.rule for effect in story.effects if effect.given)


def _mentioned(told: str, expected: str) -> str:
    """What was told, without the rows of missing things that the test does not mention."""
    wanted = Counter(expected.splitlines())
    kept = []
    for line in told.splitlines():
        if not line.startswith("missing ") or wanted[line] > 0:
            kept.append(line)
            wanted[line] -= 1
    return "\n".join(kept)


def _blocks(file: str, text: str) -> Iterator[_Block]:
    """The blocks of a file with the numbers of their lines; comments aside."""
    open_: list[tuple[int, str]] = []
    for number, line in [*enumerate(text.splitlines(), 1), (0, "")]:
        if line.startswith("#"):
            continue
        if line.strip():
            open_.append((number, line.rstrip()))
        elif open_:
            numbers = tuple(each for each, _ in open_)
            yield _Block(file, numbers, "\n".join(each for _, each in open_))
            open_ = []
