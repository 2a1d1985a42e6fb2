"""A member's levels: what comes next, what they bring, how they came; a level set by hand."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import at_field, head
from tessera.doors.language.tongue import tongue
from tessera.doors.language.words import N_
from tessera.doors.till.tiers import TierView
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core.ladder_words import asked_besides
from tessera.rules.core.words import Program

SET = N_("The level holds from today on.")
USED = N_("It is noted that the privilege was used.")
WHYS = {
    "earned": N_("reached by a purchase"), "returned": N_("taken back by a return"),
    "reviewed": N_("sunk at a review"), "matched": N_("set by hand"),
    "joined": N_("two members became one"), "parted": N_("one member became two"),
    "carried": N_("moved in from another program"),
    "moved": N_("the ladder was made or changed"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """Where the member stands on each ladder, and every change."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    path = {"member_id": known["member"].member_id}
    found = await visit.ask("tier.read", path=path)
    if isinstance(found, Refusal):
        return found
    cursor = visit.query.get("cursor")
    past = await visit.ask("tier.history", path=path, query={"cursor": cursor, "limit": 20})
    if isinstance(past, Refusal):
        return past
    names = {
        (each.ladder, level.level): level.name for each in found.items for level in each.levels
    }
    return View("members/levels.html", known | {
        "tiers": found.items, "past": past.items, "whys": WHYS,
        "next": visit.here(cursor=past.next) if past.next else "",
        "first": visit.path if cursor else "",
        "named": lambda ladder, level: names.get((ladder, level), level),
        "titles": {each.ladder: each.name for each in found.items},
        "options": _options, "currency": known["program"].currency,
        "second": "tier" in known["program"].approvals, "asked": _asked(visit, known["program"]),
    })  # fmt: skip


def _asked(visit: Visit, program: Program) -> dict[str, dict[str, str]]:
    said = tongue(visit.local.language)
    return {
        code: asked_besides(ladder, program.currency, said)
        for code, ladder in program.tiers.items()
    }


def _options(tier: TierView) -> list[tuple[str, str]]:
    return [(each.level, each.name) for each in tier.levels]


async def set_level(visit: Visit) -> Shown:
    """A level for a term: matched, or put right."""
    body: dict[str, Any] = visit.body(
        ladder="ladder", level="set_level", until="set_until", reason="set_reason"
    )
    path = {"member_id": visit.words["member_id"]}
    done = await visit.ask("tier.set", path=path, body=body)
    return visit.done(at_field(done, "set_"), visit.path, SET)


async def use(visit: Visit) -> Shown:
    """A privilege is used."""
    body = visit.body(ladder="ladder", privilege="privilege")
    path = {"member_id": visit.words["member_id"]}
    return visit.done(await visit.ask("tier.use", path=path, body=body), visit.path, USED)


ACTS = {"set": set_level, "use": use}
