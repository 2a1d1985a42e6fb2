"""Whether another rule has given something on this receipt."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta

from tessera.base.text import Code
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import Condition, Reading
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.texts import Numbers, Template


class RuleGave(Condition, frozen=True, tag="rule_gave"):
    """Another rule of the program, asked before this one, gave something on this receipt.

    Lanes go in the program's order, rules of a lane by priority: a rule that comes later has not
    given yet. What is missing does not say which rule: it may be a hidden one.

    at_least  of what it gave: minor units, points or pieces
    """

    private: ClassVar[bool] = True

    rule: Code
    at_least: Annotated[int, Meta(ge=1, le=10**12)] = 1

    def reading(self) -> Reading:
        """A look at what was given so far."""
        rule, least = self.rule, self.at_least
        missing = Missing("rule_silent", 0, "only together with something else")

        def rule_gave(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if basket.gave.get(rule, 0) >= least else missing

        return rule_gave

    def asked_rules(self) -> tuple[str, ...]:
        """The one it looks at."""
        return (self.rule,)

    def sentence(self) -> tuple[Template, Numbers]:
        """The rule, and how much at least."""
        if self.at_least == 1:
            return "the rule {rule} has given something", {"rule": self.rule}
        numbers: Numbers = {"rule": self.rule, "least": self.at_least}
        return "the rule {rule} has given {least} or more", numbers


EXAMPLES = """
rule_gave: welcome
gave welcome 100
buy LATTE 1 x 2.50
-> met

rule_gave: {rule: welcome, at_least: 200}
gave welcome 100
buy LATTE 1 x 2.50
-> rule_silent 0: only together with something else
"""
