"""A program as data: read with all its mechanics and conditions, checked; the one to start with."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.program.core.declared import check_whole
from tessera.program.core.marked import MAX_DEPTH, path_of
from tessera.rules.conditions import condition_of
from tessera.rules.core.conditions import Condition
from tessera.rules.core.filling import Fault, Filler
from tessera.rules.core.words import Mechanic, Program
from tessera.rules.mechanics import mechanic_of

STARTER_NAME = "Starter: 2 % of every purchase in points"
MAX_RULES = 2_000
MAX_NUMBER = 10**15
_NAME = re.compile(r"[\w-]{1,64}\Z")
_WORD = re.compile(r"(?!\$)[^\x00-\x1f\x7f]{0,200}\Z")  # what a number stands for may be a code
_OWN = ("numbers", "version")  # read by the reader itself
_REMEMBERED = 64  # published versions that are kept ready
# Where a program's own settings are faulty its rules are judged all the same, so that one reading
# shows every mistake: these settings stand for the faulty ones meanwhile, and nobody is answered
# with them. XXX is ISO 4217's code for "no currency".
_NO_SETTINGS = {"name": "-", "currency": "XXX", "rules": []}


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
        self._kept: dict[tuple[int, bytes], Program] = {}

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

    def kept(self, raw: bytes, version: int) -> Program:
        """A version that was once published; each is read once while it is remembered.

        raw     its body, as JSON
        errors  AssertionError if it cannot be read any more: a mechanic was taken away
        """
        found = self._kept.get((version, raw))
        if found is None:
            program, faults = self.examine(msgspec.json.decode(raw), version, published=True)
            assert program is not None, f"version {version}: {faults[0]}"
            if len(self._kept) >= _REMEMBERED:
                self._kept.pop(next(iter(self._kept)))
            found = self._kept[version, raw] = program
        return found

    def examine(
        self, body: Any, version: int, *, published: bool = False, partly: bool = False
    ) -> tuple[Program | None, list[Fault]]:
        """(the program, []) or (None, everything that is wrong with it, in its order).

        published  it once passed: what only the whole shows is not judged by later standards
        partly     some rules could not even be parsed: that they are missing is no fault
        """
        fault = _shape_fault(body)
        if fault is not None:
            return None, [fault]
        numbers = body.get("numbers")
        filler = Filler(self.conditions, numbers if isinstance(numbers, dict) else {})
        _check_numbers(filler, numbers)
        if not isinstance(body.get("version", 0), int):
            filler.fault("version", "a version is a number", "leave it out: it is counted")
        bare = filler.fill(Program, {**body, "rules": []}, "", skip=_OWN)
        doubtful = {re.split(r"[.\[]", each.path)[0] for each in filler.faults}
        rules = self._rules(filler, body["rules"])
        whole = _joined(bare or self._stand_in(body, numbers, doubtful), version, rules)
        if not published:
            known = None if partly else _ids(body["rules"])
            check_whole(filler, whole, rules, known, frozenset(doubtful))
        if filler.faults or bare is None:
            return None, list(dict.fromkeys(filler.faults))
        return whole, []

    def rule(self, data: Any, numbers: Any = None) -> tuple[Mechanic | None, list[Fault]]:
        """One rule by itself: (it, []) or (None, what is wrong in it, with paths inside it)."""
        filler = Filler(self.conditions, numbers if isinstance(numbers, dict) else {})
        made = self._rule(filler, data, "")
        return (None if filler.faults else made), list(dict.fromkeys(filler.faults))

    def _stand_in(self, body: dict[str, Any], numbers: Any, doubtful: set[str]) -> Program:
        """A program with the settings that are sound, so that the rest can be judged too."""
        filler = Filler(self.conditions, numbers if isinstance(numbers, dict) else {})
        sound = {name: value for name, value in body.items() if name not in doubtful}
        found = filler.fill(Program, {**_NO_SETTINGS, **sound, "rules": []}, "", skip=_OWN)
        return found or msgspec.convert(_NO_SETTINGS, Program)

    def _rules(self, filler: Filler, listed: list[Any]) -> list[Mechanic | None]:
        """Each rule, None where it cannot be read."""
        if len(listed) > MAX_RULES:
            filler.fault("rules", f"{len(listed)} rules, at most {MAX_RULES}", "join some")
            return []
        return [self._rule(filler, data, path_of("rules", i)) for i, data in enumerate(listed)]

    def _rule(self, filler: Filler, data: Any, path: str) -> Mechanic | None:
        if not isinstance(data, dict):
            filler.fault(path, "a rule is a mapping", "write id, mechanic and its fields")
            return None
        code = data.get("mechanic")
        kind = self.mechanics.get(code) if isinstance(code, str) else None
        if kind is None:
            why = f"there is no mechanic {code!r}" if "mechanic" in data else "mechanic is missing"
            at = f"{path}.mechanic" if "mechanic" in data else path
            near = difflib.get_close_matches(str(code), self.mechanics, 1)
            several = f"one of {', '.join(sorted(self.mechanics))}"
            filler.fault(at, why, f"did you mean {near[0]}?" if near else several)
            return None
        filler.begin_rule()
        return filler.fill(kind, data, path, skip=("mechanic",))


def _joined(bare: Program, version: int, rules: list[Mechanic | None]) -> Program:
    """The program with its rules, those that could be read."""
    made = tuple(rule for rule in rules if rule is not None)
    return msgspec.structs.replace(bare, version=version, rules=made)


def _ids(listed: list[Any]) -> set[str]:
    """What the rules are called, those too that have other mistakes."""
    found = [data.get("id") for data in listed if isinstance(data, dict)]
    return {each for each in found if isinstance(each, str)}


def _shape_fault(body: Any) -> Fault | None:
    """Why this is no program at all, or one that nobody could read."""
    if not isinstance(body, dict) or not isinstance(body.get("rules"), list):
        why = "a program is an object with a list of `rules`"
        return Fault("rules", why, "send name, currency and rules")
    open_: list[tuple[Any, str, int]] = [(body, "", 1)]
    while open_:
        inside, path, depth = open_.pop()
        if depth > MAX_DEPTH:
            why = f"this is nested more than {MAX_DEPTH} deep"
            return Fault(path, why, "say it with fewer levels")
        each = inside.items() if isinstance(inside, dict) else enumerate(inside)
        open_ += [
            (value, path_of(path, key), depth + 1)
            for key, value in each
            if isinstance(value, dict | list)
        ]
    return None


def _check_numbers(filler: Filler, numbers: Any) -> None:
    if numbers is None:
        return
    if not isinstance(numbers, dict):
        filler.fault("numbers", "the numbers are a mapping", "write name: value")
        return
    for name, value in numbers.items():
        path = f"numbers.{name}"
        if not _NAME.match(str(name)):
            filler.fault(path, "a number's name is 1 to 64 letters, digits, _ or -", "rename it")
        if not isinstance(value, int | str) or (isinstance(value, str) and not _WORD.match(value)):
            filler.fault(path, f"{str(value)[:40]!r} is no number", "write 5, 12.50 or a code")
        elif isinstance(value, int) and abs(value) > MAX_NUMBER:
            filler.fault(path, "this number is too large", f"at most {MAX_NUMBER:,}")
