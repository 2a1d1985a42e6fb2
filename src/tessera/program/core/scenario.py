"""Receipts as text: a few lines say what is bought, the rest is what the till must print.

```
rule every_nth_free product=LATTE n=3     one line per rule, in the program's order; `id=` names it
rule multiplier times_x100=200 when={weekday: [sat, sun]}  lists, conditions as in a program's text
program excluded_categories=[tobacco]     settings of the program, if it needs any
have 500                                  points on the card; `nobody` instead: no card is shown
spend 300                                 points the member wants to pay with
buy LATTE 3 x 2.50, HAM 0.320 kg x 11.90  and a word after the price: deposit, gift_card, delivery,
                                          or a category in brackets: [tobacco], then perhaps
                                          brand=ACME, promo=WEEK7 and cost=1.20
keep 2, 0                                 units of each line that stay sold, after returns
at 2026-02-07 10:30                       and the other facts: see `facts_text`
----
LATTE 3 x 2.50       7.50
...
```
Columns: a name of 19 characters, a number of 6 on the right; a longer name pushes its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from tessera.base.refusal import Refusal
from tessera.program.core.facts_text import Said, settings, take
from tessera.program.core.reader import Reader
from tessera.rules.core.engine import settle, settle_event, settle_kept
from tessera.rules.core.prizes import items_back
from tessera.rules.core.words import Program, Story
from tessera.warehouse.core import PER, Line

NAME, NUMBER = 19, 6
KINDS = ("goods", "delivery", "gift_card", "deposit")
MEASURES = {"kg": "g", "l": "ml"}
_LINE = re.compile(
    r"(?P<sku>\S+) (?P<count>\d+(?:\.\d{3})?)(?: (?P<measure>kg|l))? x (?P<price>\d+\.\d{2})"
    rf"(?: (?P<kind>{'|'.join(KINDS)}))?(?: \[(?P<category>[\w-]+)\])?"
    r"(?: brand=(?P<brand>[\w-]+))?(?: promo=(?P<promo>[\w-]+))?"
    r"(?: cost=(?P<cost>\d+\.\d{2}))?"
)


@dataclass
class Scenario:
    """What one block asks, and the text it expects."""

    rules: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    have: int = 0
    spend: int | None = None
    member: bool = True
    kept: list[int] | None = None
    said: Said = field(default_factory=Said)
    expected: str = ""


def blocks(text: str) -> list[str]:
    """The scenarios of a text: parted by empty lines, comments (#) aside."""
    said = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    return [block.strip("\n") for block in re.split(r"\n\s*\n", said) if block.strip()]


class NotUnderstood(AssertionError):
    """A line of a block (from 1) that cannot be taken, and why."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}")
        self.line, self.why = line, why


def parse(block: str, *, whole: bool = False) -> Scenario:
    """One block. Errors: NotUnderstood names the line.

    whole  it is asked of a program that is there: it brings no rules and settings of its own
    """
    asked, found, expected = block.partition("\n----\n")
    if not found:
        raise NotUnderstood(len(block.splitlines()), f"no ---- in\n{block}")
    scenario = Scenario(expected=expected)
    for number, line in enumerate(asked.splitlines(), 1):
        word, _, rest = line.partition(" ")
        try:
            assert not (whole and word in ("rule", "program")), f"the program is given: {line}"
            _take(scenario, word, rest.strip(), line)
        except (AssertionError, LookupError, TypeError, ValueError, yaml.YAMLError) as wrong:
            raise NotUnderstood(number, str(wrong) or f"not understood: {line}") from wrong
    bought = scenario.lines or scenario.said.facts.get("event")
    last = len(asked.splitlines())
    if not bought or not (scenario.rules or whole):
        raise NotUnderstood(last, f"no rule or nothing bought in\n{block}")
    if (scenario.spend or 0) > scenario.have:
        raise NotUnderstood(last, "more is spent than there is: refused before")
    return scenario


def _take(scenario: Scenario, word: str, rest: str, line: str) -> None:
    match word:
        case "rule":
            code, _, settings_ = rest.partition(" ")
            twins = sum(rule["mechanic"] == code for rule in scenario.rules)
            name = code if not twins else f"{code}-{twins + 1}"
            scenario.rules.append({"id": name, "mechanic": code} | settings(settings_))
        case "program":
            scenario.settings |= settings(rest)
        case "have":
            scenario.have = int(rest)
        case "spend":
            scenario.spend = int(rest)
        case "nobody":
            scenario.member = False
        case "buy":
            scenario.lines += [line_of(part.strip()) for part in rest.split(",")]
        case "keep":
            scenario.kept = [int(part) for part in rest.split(",")]
        case _:
            assert take(scenario.said, word, rest), f"not understood: {line}"


def line_of(text: str) -> Line:
    """A line of goods. Errors: AssertionError if it is not understood."""
    found = _LINE.fullmatch(text)
    assert found, f'not like "LATTE 3 x 2.50": {text}'
    whole, _, part = found["count"].partition(".")
    unit: Any = MEASURES[found["measure"]] if found["measure"] else "piece"
    quantity = int(whole) * PER[unit] + (int(part) if part else 0)
    kind: Any = found["kind"] or "goods"
    price = int(found["price"].replace(".", ""))
    cost = int(found["cost"].replace(".", "")) if found["cost"] else None
    words: dict[str, Any] = {name: found[name] or "" for name in ("category", "brand", "promo")}
    return Line(found["sku"], quantity, price, unit, kind=kind, cost_minor=cost, **words)


def told(scenario: Scenario, reader: Reader) -> str:
    """What the till prints for it, through the real reader and engine."""
    body = {"name": "Scenario", "currency": "EUR", "rules": scenario.rules} | scenario.settings
    program = reader.read(body, 1)
    assert not isinstance(program, Refusal), program
    return told_by(scenario, program)


def told_by(scenario: Scenario, program: Program) -> str:
    """The same under a program that is there already."""
    facts = scenario.said.facts_for(
        program.plan.needs, scenario.member, scenario.have, scenario.spend
    )
    if facts.event:
        return "\n".join(_sums(settle_event(facts, program)))
    sold = settle(scenario.lines, facts, program)
    if scenario.kept is None:
        return "\n".join(_receipt(scenario, sold, None))
    left = settle_kept(scenario.lines, facts, program, scenario.kept, sold)
    return "\n".join([*_receipt(scenario, left, scenario.kept), *_back(sold, left)])


def check(block: str, reader: Reader) -> None:
    """Assert that a block prints what it says."""
    scenario = parse(block)
    assert told(scenario, reader) == scenario.expected, block


def _receipt(scenario: Scenario, story: Story, kept: Sequence[int] | None) -> Iterator[str]:
    for i, line in enumerate(scenario.lines):
        units = line.quantity if kept is None else kept[i]
        total = (2 * line.total() * units + line.quantity) // (2 * line.quantity)
        yield row(f"{line.sku} {_count(line, units)} x {money(line.unit_minor)}", money(total))
        for effect in story.effects:
            share = dict(effect.lines).get(i + 1, 0)
            if share and effect.kind in ("discount", "payment"):
                yield row(f"  {effect.rule}", money(-share))
    yield row("to pay", money(story.to_pay_minor))
    yield from _sums(story)


def _sums(story: Story) -> Iterator[str]:
    yield row("points", str(story.points_earned))
    if story.points_spent:
        yield row("spent", str(story.points_spent))
    for effect in story.effects:
        if effect.item:
            yield row(f"{effect.kind} {effect.item}", str(effect.given))
    for silent in story.silent:
        yield row(f"missing {silent.code}", str(silent.lacking))


def _back(sold: Story, left: Story) -> Iterator[str]:
    yield row("refund", money(sold.to_pay_minor - left.to_pay_minor))
    yield row("points taken back", str(sold.points_earned - left.points_earned))
    if sold.points_spent:
        yield row("points given back", str(sold.points_spent - left.points_spent))
    for (kind, item), pieces in items_back(sold, left).items():
        yield row(f"{kind} {item} back", str(pieces))


def _count(line: Line, units: int) -> str:
    per = PER[line.unit]
    if per == 1:
        return str(units)
    measure = next(word for word, unit in MEASURES.items() if unit == line.unit)
    return f"{units // per}.{units % per:03d} {measure}"


def row(name: str, number: str) -> str:
    """A row of the receipt; both columns together are 25 wide unless the name is longer."""
    return f"{name}{number:>{max(NAME + NUMBER - len(name), len(number) + 1)}}"


def money(minor: int) -> str:
    """1234 -> 12.34"""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"
