"""Ladders of a draft: each in plain words, and the form that adds and changes one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import to_builtins

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.rules.bench import Bench
from tessera.doors.console.areas.rules.declaring import (
    Declared,
    Entry,
    Words,
    mentions,
    named_by,
)
from tessera.doors.console.areas.tiers.sentences import plainly
from tessera.doors.console.areas.tiers.sheet import (
    CHOICES,
    COUNTED,
    HINTS,
    LABELS,
    REVIEWED,
    boxes,
    first,
    ladder_of,
    moved,
)
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.till.rewards import RewardList
from tessera.doors.web.visit import Visit
from tessera.rules.core.tiers import Ladder

_LOOKED = N_("Once it is published, everybody is looked at, and whoever has enough comes up.")
_POINTS = N_("Points count from the day on which it is published.")
_HIGHER = N_("Where a level asks for more than now, nobody comes down before a review.")
_GONE = N_("Whoever is on a level that is taken away stands on the lowest one: %(names)s.")
_ASKED = N_("A level with a condition is reached at a purchase only.")
_NEVER = N_("Without a review nobody comes down again.")


def _units(bench: Bench) -> list[str]:
    """The currencies of the program's text besides its own points."""
    said = bench.read.body.get("currencies") if bench.read.body else None
    return [str(code) for code in said] if isinstance(said, dict) else []


def _words(visit: Visit, bench: Bench) -> Words:
    said = bench.read.body.get("currencies") if bench.read.body else None
    known = said.items() if isinstance(said, dict) else ()
    names = {
        str(code): str(each.get("name") or code) for code, each in known if isinstance(each, dict)
    }
    return Words(visit.local, LABELS, HINTS, CHOICES, names)


async def _named(visit: Visit, bench: Bench, code: str) -> list[str]:
    """Rules that ask for it or give by it, and rewards that are for those on its levels."""
    found = named_by(bench, "tiers", code, _names)
    listed = await visit.ask("reward.list") if visit.may("reward.list") else None
    if isinstance(listed, RewardList):
        found += [
            each.code for each in listed.items
            if each.state != "ended" and mentions(to_builtins(each.terms), code, _names)
        ]  # fmt: skip
    return list(dict.fromkeys(found))


def _names(data: Mapping[str, Any]) -> object:
    """The ladder that a mapping of the text names."""
    return data.get("ladder")


async def _more(visit: Visit, bench: Bench, entry: Entry) -> dict[str, Any]:
    """The panels of its form, and what becomes of the members who stand on it."""
    now = visit.house.shop().program.tiers.get(entry.code)
    levels = entry.boxes["levels"]
    units = bool(_units(bench)) or entry.boxes["unit"].said
    return {
        "counted": [entry.boxes[name] for name in COUNTED if name != "unit" or units],
        "levels": [{box.told.name: box for box in item} for item in levels.items],
        "reviewed": [entry.boxes[name] for name in REVIEWED],
        "outlook": [*_outlook(now, entry.made, visit.local)] if entry.made else [],
    }


def _outlook(now: Ladder | None, would: Ladder, local: Local) -> Iterator[tuple[str, str]]:
    """(warn or info, a sentence) of what is to be thought of before it is published."""
    told = local.gettext
    if now is None:
        yield "info", told(_POINTS if would.counts == "points" else _LOOKED)
    else:
        codes = {level.code for level in would.levels}
        gone = [level.name or level.code for level in now.levels if level.code not in codes]
        if gone:
            yield "warn", told(_GONE) % {"names": local.listed(gone)}
        reach = {level.code: level.reach for level in now.levels}
        asked = [(reach[each.code], each.reach) for each in would.levels if each.code in reach]
        if any(then < later for then, later in asked):
            yield "info", told(_HIGHER)
        if any(then > later for then, later in asked):
            yield "info", told(_LOOKED)
    if any(level.when is not None for level in would.levels):
        yield "info", told(_ASKED)
    reviewed = now is None or now.review or now.review_months is not None
    if reviewed and not would.review and would.review_months is None:
        yield "warn", told(_NEVER)


LADDERS = Declared(
    table="tiers", one="ladder", kind=Ladder, code="tiers", first=first,
    boxes=lambda bench, data: boxes(data, _units(bench)),
    read=lambda bench, sent: ladder_of(sent, _units(bench)),
    words=_words, tell=plainly, more=_more, named=_named, moved=moved,
    unknown=Refusal("ladder_not_there", "code", "the program has no such ladder",
                    "look it up in the list of tiers"),
    taken=N_("Another ladder has this code."), removed=N_("The ladder is taken out of the draft."),
)  # fmt: skip
