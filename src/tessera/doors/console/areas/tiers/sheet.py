"""A ladder as the boxes of a form, and what the form sent as its data again. Pure.

What reaches and keeps a level is written in the measure that counts: money in major units, points
and purchases as whole numbers. A level's condition is written as text: nothing of it is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tessera.doors.console.areas.rules.boxes import Box
from tessera.doors.console.areas.rules.declaring import free_code, sent_as, shown_as
from tessera.doors.console.areas.rules.reading import Sent
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.program.core.kinds import FieldTold, fields_of
from tessera.rules.core.tiers import Ladder

COUNTED = ("counts", "unit", "window")
REVIEWED = ("review", "review_months", "grace_days", "steps_down")
_AMOUNTS = ("reach", "keep")
_COUNTS = ("points", "minor", "receipts")
_MONEY = re.compile(r"(\d{1,13})(?:[.,](\d{1,2}))?", re.ASCII)
_WHOLE = re.compile(r"(\d{1,15})(?:[.,]0{1,2})?", re.ASCII)
_ORDER = re.compile(
    r"(item|without|drop|up|down) levels(?:\.(\d{1,2})(?:\.benefits(?:\.(\d{1,2}))?)?)?"
)
LABELS: Mapping[str, str] = {
    "name": N_("Name"), "counts": N_("What counts"), "unit": N_("Which points"),
    "window": N_("Over which time"), "review": N_("Reviewed every year on"),
    "review_months": N_("Or so many months after a level was reached"),
    "grace_days": N_("Grace after the review"), "steps_down": N_("Levels down at most"),
    "levels": N_("Levels"), "code": N_("Code"), "reach": N_("Reached with"),
    "keep": N_("Kept with"), "when": N_("Only if"), "benefits": N_("Benefits"),
    "uses": N_("Uses in a term"), "days": N_("Days from its beginning"),
}  # fmt: skip
HINTS: Mapping[str, str] = {
    "window": N_("This year, 12 months, since 04-01 or ever."),
    "review": N_("Month and day: 02-01. Left empty with the next one, nobody comes down."),
    "steps_down": N_("At one review; 0 is as many as it takes."),
    "keep": N_("Left empty, as much as reaches it."),
    "when": N_("A condition, asked at the purchase that reaches the level; as JSON, as in rules."),
    "uses": N_("Left empty, as often as wanted."),
    "days": N_("Left empty, as long as the level is held."),
}  # fmt: skip
CHOICES: Mapping[str, str] = {
    "points": N_("Points that were earned"), "minor": N_("Money that was spent"),
    "receipts": N_("Purchases"), "": N_("The program's own"),
}  # fmt: skip


def first(local: Local) -> dict[str, Any]:
    """A new ladder, until somebody says more: two levels, looked at on New Year's Day."""
    return {
        "review": "01-01",
        "levels": [
            {"code": "basic", "name": local.gettext(N_("Basic"))},
            {"code": "silver", "name": local.gettext(N_("Silver")), "reach": 500},
        ],
    }


def boxes(data: Mapping[str, Any], units: Sequence[str]) -> tuple[tuple[Box, ...], str]:
    """(a box for each field, what no field is for as JSON). units: the program's currencies."""
    return shown_as(data, _fields(units, data.get("unit"), data.get("counts")))


def ladder_of(sent: Sent, units: Sequence[str]) -> dict[str, Any]:
    """The ladder that a form says. A level without a code gets one of its name."""
    said = [(sent.get(name) or [""])[0] for name in ("unit", "counts")]
    data = sent_as(sent, _fields(units, *said))
    levels = data.get("levels")
    if isinstance(levels, list):
        data["levels"] = [_level(each, said[1]) for each in levels]
        _give_codes([each for each in data["levels"] if isinstance(each, dict)], "level")
    return data


def _level(level: Any, counts: Any) -> Any:
    if not isinstance(level, dict):
        return level
    found = {
        name: amount(value, counts) if name in _AMOUNTS else value for name, value in level.items()
    }
    benefits = found.get("benefits")
    if isinstance(benefits, list):
        _give_codes([each for each in benefits if isinstance(each, dict)], "benefit")
    return found


def _give_codes(several: list[dict[str, Any]], otherwise: str) -> None:
    """Whoever has a name and no code gets one that no other has."""
    taken = {each["code"]: each for each in several if isinstance(each.get("code"), str)}
    for each in several:
        if "code" not in each and each.get("name"):
            named = free_code(str(each["name"]), taken, otherwise)
            each |= {"code": named}
            taken[named] = each


def amount(value: Any, counts: Any) -> Any:
    """ "300" -> 300, of money 30000; what is no amount stays text, and is told to be wrong."""
    if not isinstance(value, str):
        return value
    text = re.sub(r"\s", "", value)
    if counts != "minor":
        found = _WHOLE.fullmatch(text)
        return int(found[1]) if found else value.strip()
    found = _MONEY.fullmatch(text)
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else value.strip()


def moved(data: dict[str, Any], order: str) -> str:
    """Do to the ladder what a button says; the control that has the keyboard afterwards.

    order  "item levels", "drop levels.1", "up levels.1", "down levels.1", "item levels.1.benefits",
           "without levels.1.benefits.0"; anything else changes nothing
    """
    found, levels = _ORDER.fullmatch(order), data.get("levels", [])
    if found is None or not isinstance(levels, list):
        return ""
    what, at = found[1], int(found[2]) if found[2] else None
    if at is None:
        return _more(levels, data) if what == "item" else ""
    if at >= len(levels) or not isinstance(levels[at], dict):
        return ""
    if ".benefits" in order:
        return _benefits(levels[at], what, f"levels.{at}.benefits", found[3])
    to = {"up": at - 1, "down": at + 1}.get(what, at)
    if what == "drop":
        del levels[at]
        return "levels:item"
    if 0 <= to < len(levels):
        levels[at], levels[to] = levels[to], levels[at]
    return f"levels.{max(to, 0)}:{what}"


def _more(levels: list[Any], data: dict[str, Any]) -> str:
    """A level above all others, reached with as much as the last one until somebody says more."""
    last = levels[-1].get("reach", 0) if levels and isinstance(levels[-1], dict) else 0
    data["levels"] = [*levels, {"reach": last}]
    return f"levels.{len(levels)}.name"


def _benefits(level: dict[str, Any], what: str, name: str, place: str | None) -> str:
    several = level.get("benefits", [])
    if not isinstance(several, list):
        return ""
    if what == "item" and place is None:
        level["benefits"] = [*several, {}]
        return f"{name}.{len(several)}.name"
    if what == "without" and place is not None and int(place) < len(several):
        level["benefits"] = several[: int(place)] + several[int(place) + 1 :]
        if not level["benefits"]:
            del level["benefits"]
    return f"{name}:item"


def _fields(units: Sequence[str], unit: Any, counts: Any) -> list[FieldTold]:
    named = [unit] if isinstance(unit, str) else []
    known = tuple(dict.fromkeys(("", *units, *named)))
    return [_field(told, known, counts) for told in fields_of(Ladder)]


def _field(told: FieldTold, units: tuple[str, ...], counts: Any) -> FieldTold:
    if told.name == "counts":
        return replace(told, choices=_COUNTS)
    if told.name == "unit":
        return replace(told, control="choice", choices=units)
    if told.name != "levels":
        return told
    return replace(told, fields=tuple([_of_level(each, counts) for each in told.fields]))


def _of_level(told: FieldTold, counts: Any) -> FieldTold:
    if told.name in _AMOUNTS:
        return replace(told, control="money" if counts == "minor" else "text", usual=None)
    return replace(told, control="raw") if told.name == "when" else told
