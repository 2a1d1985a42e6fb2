"""Rules, faults and differences as the pages tell them, in the reader's language."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from tessera.doors.console.areas.rules.labels import (
    CHOICES,
    CONDITIONS,
    FIELDS,
    HINTS,
    MECHANICS,
)
from tessera.doors.language.faults import retold
from tessera.doors.language.local import Local
from tessera.doors.language.tongue import tongue
from tessera.doors.language.words import N_
from tessera.program.core import Reader
from tessera.program.core.kinds import FieldTold
from tessera.program.core.marked import Mistake
from tessera.program.core.seen import Caution
from tessera.program.core.sentences import plain
from tessera.program.core.writing import written
from tessera.rules.core.filling import Fault
from tessera.rules.core.words import Mechanic, Program

Say = Callable[[str], str]
State = Literal["on", "later", "over", "wrong"]
STATES: Mapping[State, tuple[str, str]] = {
    "on": (N_("On"), "good"), "later": (N_("Begins later"), "soft"), "over": (N_("Over"), "plain"),
    "wrong": (N_("Has mistakes"), "bad"),
}  # fmt: skip
_CONDITIONS = {code: label for _, group in CONDITIONS for code, label in group.items()}
_SCOPES = ("c:CATEGORY", "s:SKU")


@dataclass(frozen=True)
class RuleTold:
    """A rule in a list. place: its number in the text, from 1; sentence: "" if it has mistakes."""

    place: int
    id: str
    name: str
    mechanic: str
    sentence: str
    state: State
    hidden: bool = False
    starts: date | None = None
    ends: date | None = None
    cautions: tuple[str, ...] = ()
    faults: int = 0


@dataclass(frozen=True)
class Words:
    """What the forms call things, in one language."""

    local: Local

    def mechanic(self, code: str) -> str:
        """A mechanic."""
        return self.local.gettext(MECHANICS[code]) if code in MECHANICS else named(code)

    def condition(self, code: str) -> str:
        """A condition."""
        return self.local.gettext(_CONDITIONS[code]) if code in _CONDITIONS else named(code)

    def field(self, told: FieldTold) -> str:
        """A field."""
        return self.local.gettext(FIELDS[told.name]) if told.name in FIELDS else named(told.name)

    def choice(self, word: str) -> str:
        """What may be chosen."""
        return self.local.gettext(CHOICES[word]) if word in CHOICES else named(word)

    def hint(self, told: FieldTold) -> str:
        """What is to be written, where that is not plain."""
        name = told.name
        if any(form in told.form for form in _SCOPES):
            name = "scope"
        if told.control == "raw" and name not in HINTS:
            name = "raw"
        return self.local.gettext(HINTS[name]) if name in HINTS else ""

    def fault(self, fault: Fault | Mistake) -> str:
        """What is wrong, and what to do."""
        parts = [retold(part, self.local.language) for part in (fault.why, fault.cure)]
        return " ".join(f"{part[:1].upper()}{part[1:]}." for part in parts if part)


def told_caution(each: Caution) -> str:
    """A warning, and what to do."""
    return " ".join(f"{part[:1].upper()}{part[1:]}." for part in (each.why, each.cure) if part)


def named(code: str) -> str:
    """A code as words: what a shop's own file is called."""
    return code.replace("_", " ").capitalize()


def sentence_of(rule: Mechanic, currency: str, local: Local) -> str:
    """The plain sentence of a rule."""
    return plain(rule, currency, tongue(local.language))


def state_of(rule: Mechanic, today: date) -> State:
    """Whether it gives today, as far as its days say."""
    if rule.ends is not None and rule.ends < today:
        return "over"
    return "later" if rule.starts is not None and rule.starts > today else "on"


def rule_told(
    place: int, rule: Mechanic, currency: str, local: Local, today: date,
    cautions: Sequence[Caution] = (),
) -> RuleTold:  # fmt: skip
    """A sound rule as a list has it."""
    words = Words(local)
    mine = tuple(told_caution(each) for each in cautions if each.rule == rule.id)
    return RuleTold(
        place, rule.id, rule.name or rule.id, words.mechanic(rule.code),
        sentence_of(rule, currency, local), state_of(rule, today), rule.hidden, rule.starts,
        rule.ends, tuple(dict.fromkeys(mine)),
    )  # fmt: skip


@dataclass(frozen=True)
class Change:
    """What becomes of a rule: its sentence before and after, "" where it is not there."""

    id: str
    name: str
    before: str
    after: str
    how: Literal["new", "gone", "changed", "written"]


def changes_of(old: Program, new: Program, local: Local) -> list[Change]:
    """The rules that differ, each in sentences."""
    before = {rule.id: rule for rule in old.rules}
    after = {rule.id: rule for rule in new.rules}
    found = []
    for id in dict.fromkeys((*before, *after)):
        one, two = before.get(id), after.get(id)
        if one == two:
            continue
        was = sentence_of(one, old.currency, local) if one else ""
        becomes = sentence_of(two, new.currency, local) if two else ""
        kept = two or one
        assert kept is not None, "it is on one of the sides"
        how = _how(one, two, same=was == becomes)
        found.append(Change(id, kept.name or id, was, becomes, how))
    return found


def _how(one: object, two: object, *, same: bool) -> Literal["new", "gone", "changed", "written"]:
    if one is None:
        return "new"
    if two is None:
        return "gone"
    return "written" if same else "changed"


def entry_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], said: tuple[Say, Say], title: str
) -> list[Change]:
    """The entries of a table of the head that differ, each in sentences.

    said   how one of the old and one of the new is told by its code; title: "Budget: %(name)s"
    """
    found = []
    for code in dict.fromkeys((*old, *new)):
        one, two = old.get(code), new.get(code)
        if one == two:
            continue
        was, becomes = said[0](code) if one else "", said[1](code) if two else ""
        name = getattr(two or one, "name", "") or code
        how = _how(one, two, same=was == becomes)
        found.append(Change(code, title % {"name": name}, was, becomes, how))
    return found


def text_of(body: Mapping[str, Any], reader: Reader) -> str:
    """A program as one text: its files below each other."""
    files = written(body, reader.mechanics)
    return "\n".join(f"# {name}\n{files[name]}" for name in sorted(files))


def diff_of(old: str, new: str) -> list[str]:
    """The lines that differ, with two around each."""
    lines = difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm="", n=2)
    return [line for line in lines if not line.startswith(("---", "+++"))]
