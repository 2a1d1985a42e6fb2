"""A program as data: read with all its mechanics and conditions, checked; the one to start with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from tessera.base.refusal import Refusal
from tessera.rules.conditions import condition_of
from tessera.rules.core.conditions import Condition
from tessera.rules.core.filling import Fault, Filler
from tessera.rules.core.words import Mechanic, Program
from tessera.rules.mechanics import mechanic_of

STARTER_NAME = "Starter: 2 % of every purchase in points"
MAX_RULES = 2_000
_OWN = ("rules", "numbers", "version")  # read by the reader itself


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
    """Reads programs; made once from the shelves of mechanics and conditions."""

    def __init__(
        self, mechanics: Mapping[str, ModuleType], conditions: Mapping[str, ModuleType]
    ) -> None:
        self.mechanics: dict[str, type[Mechanic]] = {
            code: mechanic_of(module) for code, module in mechanics.items()
        }
        self.conditions: dict[str, type[Condition]] = {
            code: condition_of(module) for code, module in conditions.items()
        }

    def read(self, body: Any, version: int) -> Program | Refusal:
        """The program, or the first thing that is wrong with it and where.

        body     plain data, as parsed from JSON
        version  the number it has, or is to have
        """
        program, faults = self.examine(body, version)
        if program is not None:
            return program
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        first = faults[0]
        return Refusal("program_invalid", first.path, f"{first.why}{more}", first.cure)

    def examine(self, body: Any, version: int) -> tuple[Program | None, list[Fault]]:
        """(the program, []) or (None, everything that is wrong with it, in its order)."""
        if not isinstance(body, dict) or not isinstance(body.get("rules"), list):
            why = "a program is an object with a list of `rules`"
            return None, [Fault("rules", why, "send name, currency and rules")]
        numbers = body.get("numbers") or {}
        filler = Filler(self.conditions, numbers if isinstance(numbers, dict) else {})
        _check_numbers(filler, body)
        bare = filler.fill(Program, {**body, "rules": []}, "", skip=("numbers", "version"))
        rules = self._rules(filler, body["rules"])
        if bare is not None:
            _check_whole(filler, bare, rules)
        if filler.faults or bare is None:
            return None, filler.faults
        values = {name: getattr(bare, name) for name in Program.__struct_fields__}
        whole = {"version": version, "rules": tuple(rule for rule in rules if rule is not None)}
        return Program(**{**values, **whole}), []

    def _rules(self, filler: Filler, listed: list[Any]) -> list[Mechanic | None]:
        if len(listed) > MAX_RULES:
            filler.fault("rules", f"{len(listed)} rules, at most {MAX_RULES}", "join some")
            return []
        made: list[Mechanic | None] = []
        for index, data in enumerate(listed):
            path = f"rules[{index}]"
            if not isinstance(data, dict):
                filler.fault(path, "a rule is a mapping", "write id, mechanic and its fields")
                made.append(None)
                continue
            code = data.get("mechanic")
            kind = self.mechanics.get(code) if isinstance(code, str) else None
            if kind is None:
                filler.fault(
                    f"{path}.mechanic", f"there is no mechanic {code!r}",
                    f"one of {', '.join(sorted(self.mechanics))}",
                )  # fmt: skip
                made.append(None)
                continue
            filler.begin_rule()
            made.append(filler.fill(kind, data, path, skip=("mechanic",)))
        return made


def _check_numbers(filler: Filler, body: dict[str, Any]) -> None:
    numbers = body.get("numbers")
    if numbers is None:
        return
    if not isinstance(numbers, dict):
        filler.fault("numbers", "the numbers are a mapping", "write name: value")
        return
    for name, value in numbers.items():
        if not isinstance(value, int | str) or (isinstance(value, str) and value.startswith("$")):
            filler.fault(f"numbers.{name}", f"{value!r} is no number", "write 5 or 12.50")


def _check_whole(filler: Filler, bare: Program, rules: list[Mechanic | None]) -> None:
    """What only the whole program shows."""
    lanes = Counter(bare.lanes)
    for lane, count in lanes.items():
        if count > 1:
            filler.fault("lanes", f"the lane {lane} comes {count} times", "name each lane once")
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        if rule is None:
            continue
        path = f"rules[{index}]"
        if rule.id in seen:
            filler.fault(f"{path}.id", f"two rules are called {rule.id}", "give each its own id")
        seen.add(rule.id)
        if rule.lane not in lanes:
            filler.fault(
                f"{path}.mechanic", f"the program has no lane {rule.lane}",
                f"add {rule.lane} to the lanes",
            )  # fmt: skip
        if rule.group and rule.group not in bare.groups:
            filler.fault(f"{path}.group", f"there is no group {rule.group}", "add it to `groups`")
        if rule.caps and rule.lane == "payment":
            filler.fault(f"{path}.caps", "a payment has no caps", "use max_percent")
