"""A budget's data as the boxes of a form, and what the form sent as its data again. Pure.

The boxes are those of rules' forms (`rules.boxes`, `rules.reading`): named numbers, mistakes and
what has no control of its own go through them unchanged. Only the share of the turnover is
written otherwise: people say 2.5 %, the text says 250 hundredths of a percent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from tessera.doors.console.areas.rules.boxes import Box
from tessera.doors.console.areas.rules.declaring import sent_as, shown_as
from tessera.doors.console.areas.rules.reading import Sent
from tessera.doors.language.words import N_
from tessera.program.core.kinds import FieldTold, fields_of
from tessera.rules.core.budgets import Budget

SHARE = "turnover_percent_x100"
CEILINGS = ("most_minor", "most_points", "most_pieces", SHARE)
PERIOD = ("per", "by")
NAMING = ("name", "warn_percent")
_PICKED = ("rules", "campaigns")
_SPANS = ("day", "week", "month", "quarter", "year", "ever")
_WHOSE = ("all", "store", "region", "member")
_PERCENT = re.compile(r"(\d{1,3})(?:[.,](\d{1,2}))?", re.ASCII)
LABELS: Mapping[str, str] = {
    "name": N_("Name"), "rules": N_("These rules"), "campaigns": N_("The rules of these campaigns"),
    "items": N_("These gifts and coupons"), "rewards": N_("Claims of these rewards"),
    "claims": N_("All claims of rewards"), "referrals": N_("Prizes for bringing a friend"),
    "boards": N_("Prizes of boards"),
    "per": N_("In which period"), "by": N_("Whose ceiling"), "most_minor": N_("At most, in money"),
    "most_points": N_("At most, in points"), "most_pieces": N_("At most, in pieces"),
    SHARE: N_("At most, of the turnover with a card"), "warn_percent": N_("Warn from"),
}  # fmt: skip
HINTS: Mapping[str, str] = {
    "name": N_("What people call it; tills say it when it is used up."),
    "items": N_("Codes with commas between."), "rewards": N_("Codes with commas between."),
    "most_minor": N_("What it costs: discounts, points at what one is worth, goods at cost."),
    "most_pieces": N_("Gifts, coupons and tickets."),
    "per": N_("By the calendar of the store."),
    "warn_percent": N_("From so much of it on it counts as nearly used up."),
}  # fmt: skip
CHOICES: Mapping[str, str] = {
    "day": N_("a day"), "week": N_("a week"), "month": N_("a month"), "quarter": N_("a quarter"),
    "year": N_("a year"), "ever": N_("in all"), "all": N_("for all together"),
    "store": N_("for each store"), "region": N_("for each region"),
    "member": N_("for each member"),
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """What a budget of this draft can name: {rule's id: its name}, campaigns of rules."""

    rules: Mapping[str, str]
    campaigns: Sequence[str]


def boxes(data: Mapping[str, Any], known: Known) -> tuple[tuple[Box, ...], str]:
    """(a box for each field, what no field is for as JSON)."""
    shown = dict(data)
    if isinstance(shown.get(SHARE), int):
        shown[SHARE] = f"{Decimal(shown[SHARE]).scaleb(-2).normalize():f}"
    return shown_as(shown, _fields(data, known))


def budget_of(sent: Sent, known: Known) -> dict[str, Any]:
    """The budget that a form says. What cannot be read stays as it was typed."""
    data = sent_as(sent, _fields(_sent(sent), known))
    if isinstance(data.get(SHARE), str):
        data[SHARE] = percent_x100(data[SHARE].strip())
    return data


def percent_x100(text: str) -> Any:
    """ "2.5" -> 250, "2,5" too; what is no percentage stays text, and is told to be wrong."""
    found = _PERCENT.fullmatch(text.removesuffix("%").strip())
    return int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else text


def _sent(sent: Sent) -> dict[str, Any]:
    """What was ticked: it stays among the choices even where no such rule is there any more."""
    return {name: list(sent.get(name, ())) for name in _PICKED if f"{name}:was" in sent}


def _fields(data: Mapping[str, Any], known: Known) -> list[FieldTold]:
    offered = {"rules": list(known.rules), "campaigns": list(known.campaigns)}
    return [_field(told, data, offered) for told in fields_of(Budget)]


def _field(
    told: FieldTold, data: Mapping[str, Any], offered: Mapping[str, list[str]]
) -> FieldTold:  # fmt: skip
    if told.name == SHARE:
        return replace(told, control="text", unit="percent")
    if told.name == "per":
        return replace(told, choices=_SPANS)
    if told.name == "by":
        return replace(told, choices=_WHOSE)
    if told.name not in _PICKED:
        return told
    said = data.get(told.name)
    more = [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
    choices = tuple(filter(None, dict.fromkeys((*offered[told.name], *more))))
    return replace(told, control="choices", choices=choices) if choices else told
