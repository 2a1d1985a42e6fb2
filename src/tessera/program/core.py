"""A program as data: read with all its mechanics, checked, and the one to start with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Union

import msgspec

from tessera.base.refusal import Refusal
from tessera.rules.core.words import Mechanic, Program
from tessera.rules.mechanics import mechanic_of

STARTER_NAME = "Starter: 2 % of every purchase in points"


def starter(currency: str) -> dict[str, Any]:
    """The program that works before anybody writes one: 2 points for every 1.00 paid.

    A point is worth one cent when it pays, so the base rate is 2 %.
    """
    return {
        "name": STARTER_NAME,
        "currency": currency,
        "unknown_cards": "any",
        "rules": [
            {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
            {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
        ],
    }


class Reader:
    """Reads programs; made once from the shelf of mechanics."""

    def __init__(self, shelf: Mapping[str, ModuleType]) -> None:
        self.mechanics: dict[str, type[Mechanic]] = {
            code: mechanic_of(module) for code, module in shelf.items()
        }
        self._rule: Any = Union[tuple(self.mechanics.values())]  # noqa: UP007  built at run time

    def read(self, body: Any, version: int) -> Program | Refusal:
        """The program, or the first thing that is wrong with it and where.

        body     plain data, as parsed from JSON
        version  the number it has, or is to have
        """
        if not isinstance(body, dict) or not isinstance(body.get("rules"), list):
            return Refusal(
                "program_invalid", "rules", "a program is an object with a list of `rules`",
                "send name, currency and rules",
            )  # fmt: skip
        rules: list[Mechanic] = []
        for index, rule in enumerate(body["rules"]):
            try:
                rules.append(msgspec.convert(rule, self._rule))
            except msgspec.ValidationError as wrong:
                return _invalid(wrong, f"rules[{index}]")
        try:
            bare = msgspec.convert({**body, "rules": [], "version": version}, Program)
        except msgspec.ValidationError as wrong:
            return _invalid(wrong, "")
        return _twice(rules) or msgspec.structs.replace(bare, rules=tuple(rules))


def _twice(rules: Sequence[Mechanic]) -> Refusal | None:
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        if rule.id in seen:
            return Refusal(
                "program_invalid", f"rules[{index}].id", f"two rules are called {rule.id}",
                "give every rule an id of its own",
            )  # fmt: skip
        seen.add(rule.id)
    return None


def _invalid(wrong: msgspec.ValidationError, at: str) -> Refusal:
    why, _, path = str(wrong).partition(" - at `$")
    field = (at + path.rstrip("`")).strip(".")
    return Refusal("program_invalid", field, why, "mend this field; the rest was not looked at")
