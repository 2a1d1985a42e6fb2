"""Facts as text: the lines of a scenario that say when, where and who.

```
at 2026-02-07 10:30               the store's local time; without it 2026-01-05 12:00, a Monday
store S2 region=north channel=online till=4
card GOLD                         the label of the card's batch
pays member_card 7.50, cash 2.00  how the receipt was paid
likes LATTE, drinks               what the member chose in advance
who anna                          the key that samples are drawn by
know receipts * 30 days = 2       a fact about the member: the key of a need and its value
born 1980-05-10                   the person: born, joined, named, speaks, unregistered,
is gender=f children=2            and attributes
chose track=miles                 what was answered to a choice; several options: a,b
agrees news/email, news/sms       the consents that count
complete 80                       per cent of the profile that are known
event survey_answered score=9     not a receipt but an event, with its data
```
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

import yaml

from tessera.rules.core.facts import Facts, Need, Person, Trait

NOON = datetime.fromisoformat("2026-01-05T12:00")


@dataclass
class Said:
    """What such lines said."""

    facts: dict[str, Any] = field(default_factory=lambda: {"at": NOON, "store": "S1", "till": "1"})
    person: dict[str, Any] = field(default_factory=lambda: {"registered": True})
    known: dict[str, int] = field(default_factory=dict)

    def facts_for(
        self, needs: Sequence[Need], member: bool, have: int = 0, spend: int | None = None
    ) -> Facts:
        """The facts of a decision; traits are asked of the person, as at the till."""
        known = dict(self.known)
        person, on = Person(**self.person), self.facts["at"].date()
        for need in needs:
            if isinstance(need, Trait):
                value = need.of.trait(person, on)
                if value is not None:
                    known[need.key] = value
        return Facts(member, member, have, spend, known=known, **self.facts)


def take(said: Said, word: str, rest: str) -> bool:
    """Take one line; False if it is none of these."""
    return _take_fact(said, word, rest) or _take_person(said.person, word, rest)


def _take_fact(said: Said, word: str, rest: str) -> bool:
    facts = said.facts
    match word:
        case "at":
            facts["at"] = datetime.fromisoformat(rest)
        case "store":
            name, *more = rest.split()
            facts |= {"store": name} | dict(each.split("=") for each in more)
        case "card" | "who":
            facts[word] = rest
        case "pays":
            facts["payments"] = tuple(_paid(part.strip()) for part in rest.split(","))
        case "likes":
            facts["favourites"] = tuple(part.strip() for part in rest.split(","))
        case "know":
            key, _, value = rest.rpartition("=")
            said.known[key.strip()] = int(value)
        case "event":
            name, _, data = rest.partition(" ")
            facts |= {"event": name, "data": dict(settings(data))}
        case _:
            return False
    return True


def _take_person(person: dict[str, Any], word: str, rest: str) -> bool:
    match word:
        case "born" | "joined":
            person[f"{word}_on"] = date.fromisoformat(rest)
        case "named":
            person["given_name"] = rest
        case "speaks":
            person["language"] = rest
        case "unregistered":
            person["registered"] = False
        case "chose":
            named, _, options = rest.partition("=")
            person["chosen"] = person.get("chosen", {}) | {named: options.split(",")}
        case "agrees":
            person["agreed"] = tuple(part.strip() for part in rest.split(","))
        case "complete":
            person["complete"] = int(rest)
        case "is":
            person["attributes"] = person.get("attributes", {}) | dict(settings(rest))
        case _:
            return False
    return True


def _paid(text: str) -> tuple[str, int]:
    method, amount = text.split()
    return method, int(amount.replace(".", ""))


def settings(text: str) -> dict[str, Any]:
    """`a=1 b=[x, y] c={d: e} f="g h"` as data; spaces in brackets and quotes do not part."""
    found: dict[str, Any] = {}
    for word in _words(text):
        name, _, value = word.partition("=")
        found[name] = scalar(value)
    return found


def scalar(text: str) -> Any:
    """A value as a program's text has it: what has a point or a dash in it stays text."""
    if text[:1] in '[{"':
        return yaml.load(text, Plain)
    if re.match(_WHOLE, text):
        return int(text)
    return {"true": True, "false": False, "none": None, "null": None}.get(text, text)


class Plain(yaml.SafeLoader):  # type: ignore[misc]  # ships no types
    """Whole numbers, true, false and null; everything else, dates and 12.50 too, is text."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


_YAML = "tag:yaml.org,2002:"
_WHOLE = r"^-?(0|[1-9][0-9]{0,17})\Z"  # 007 and what no 64 bits hold are text: codes of articles
Plain.add_implicit_resolver(f"{_YAML}bool", re.compile(r"^(true|false)\Z"), list("tf"))
Plain.add_implicit_resolver(f"{_YAML}null", re.compile(r"^(null|none|)\Z"), ["n", ""])
Plain.add_implicit_resolver(f"{_YAML}int", re.compile(_WHOLE), list("-0123456789"))


def _words(text: str) -> list[str]:
    words, depth, quoted, word = [], 0, False, ""
    for sign in text.strip():
        depth += (sign in "[{") - (sign in "]}")
        quoted ^= sign == '"'
        if sign == " " and not depth and not quoted:
            words.append(word)
            word = ""
        else:
            word += sign
    return [each for each in [*words, word] if each]
