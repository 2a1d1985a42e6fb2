"""Examples of conditions as text: a condition, some facts, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from tessera.program.core.facts_text import Plain, Said, take
from tessera.program.core.scenario import line_of
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, all_needs
from tessera.rules.core.facts import Missing
from tessera.rules.core.filling import Filler
from tessera.rules.core.texts import say
from tessera.rules.core.words import Program


def condition_told(block: str, kinds: Mapping[str, type[Condition]]) -> tuple[str, str]:
    """(what a condition's example comes to, what it says it does).

    ```
    weekday: [sat, sun]          a condition, as in the text of a program
    at 2026-02-07 10:00          facts; `buy ...` for the receipt, `gave RULE 100` for other rules,
                                 `ladder status=basic, gold` for the levels of one
    -> met                       or `-> met 2` (times), or `-> code lacking: why`
    ```
    """
    head, *lines = block.splitlines()
    filler, said, goods, expected = Filler(kinds), Said(), [], ""
    gave: dict[str, int] = {}
    ranks: dict[str, dict[str, int]] = {}
    condition = filler.tree(yaml.load(head, Plain), "")
    assert condition is not None, filler.faults
    for line in lines:
        word, _, rest = line.partition(" ")
        if word == "->":
            expected = rest
        elif word == "buy":
            goods += [line_of(part.strip()) for part in rest.split(",")]
        elif word == "gave":
            rule, amount = rest.split()
            gave[rule] = int(amount)
        elif word == "ladder":
            name, _, codes = rest.partition("=")
            ranks[name] = {code.strip(): at for at, code in enumerate(codes.split(","))}
        else:
            assert take(said, word, rest), f"not understood: {line}"
    facts = said.facts_for(list(all_needs(condition)), member=True)
    basket = Basket(goods, None, Program(name="Example", currency="EUR", rules=()))
    basket.gave.update(gave)
    basket.ranks = ranks
    found = condition.reading()(basket, facts)
    if isinstance(found, Missing):
        return f"{found.code} {found.lacking}: {say(found.why, found.numbers, 'EUR')}", expected
    return "met" if found.times == 1 else f"met {found.times}", expected
