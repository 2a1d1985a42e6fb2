"""An open rule as a member reads it: what it gives, and when, in his own language."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.program.core.sentences import BOTH, IF, WHOLE
from tessera.rules.core.conditions import AllOf, sentence
from tessera.rules.core.draws import Draw
from tessera.rules.core.texts import Numbers, Template, say_in
from tessera.rules.core.tongues import Tongue
from tessera.rules.core.words import Mechanic


def told_to_member(
    rule: Mechanic, currency: str, tongue: Tongue, *, whole: bool, draws: Mapping[str, Draw]
) -> str:
    """ "2 points for every 1.00 EUR, if it is Saturday."

    whole  no condition of it is private; else only what it gives is told
    draws  of the program: one is told by its name
    """

    def words(template: Template, numbers: Numbers) -> str:
        return say_in(tongue, template, numbers, currency)

    what, asked = words(*_named(rule, draws)), rule.asks() if whole else None
    found = [] if asked is None else [words(*asked)]
    parts = [each for each in (rule.implied(), rule.when) if each is not None and whole]
    if parts:
        tree = parts[0] if len(parts) == 1 else AllOf(of=tuple(parts))
        found.append(sentence(tree, currency, tongue))
    if found:
        when = found[0] if len(found) == 1 else words(BOTH, {"first": found[0], "second": found[1]})
        what = words(IF, {"what": what, "when": when})
    said = words(WHOLE, {"what": what})
    return f"{said[:1].upper()}{said[1:]}"


def _named(rule: Mechanic, draws: Mapping[str, Draw]) -> tuple[Template, Numbers]:
    template, numbers = rule.gives()
    code = rule.draw_of()
    name = draws[code].name if code in draws else ""
    if not name:
        return template, numbers
    codes = [each for each in ("draw", "item") if numbers.get(each) == code]
    return template, {**numbers, **dict.fromkeys(codes, name)}
