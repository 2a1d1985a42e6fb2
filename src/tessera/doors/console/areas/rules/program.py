"""The program that decides: its rules, what could be rewarded, its versions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.rules.bench import RULES, examined_rules
from tessera.doors.console.areas.rules.differing import all_changes
from tessera.doors.console.areas.rules.labels import EXAMPLES, WISHES
from tessera.doors.console.areas.rules.telling import (
    STATES,
    RuleTold,
    Words,
    diff_of,
    rule_told,
    text_of,
    told_caution,
)
from tessera.doors.console.areas.rules.when import start_of
from tessera.doors.language.tongue import tongue
from tessera.doors.language.words import N_
from tessera.doors.till.drafts import DraftSummary, DraftView
from tessera.doors.till.program import Current, VersionView
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core import Reader
from tessera.program.core.kinds import kinds_of
from tessera.program.core.rewriting import with_new_rule
from tessera.program.core.seen import Seen
from tessera.program.core.text import HEAD
from tessera.program.core.warnings import warnings_of
from tessera.rules.core.words import Program

BEGUN = N_("This is a draft: nothing changes until it is published.")
BACK = N_("The older version decides again.")
VERSION_STATES: Mapping[str, tuple[str, str]] = {
    "current": (N_("Decides now"), "good"), "announced": (N_("Announced"), "soft"),
    "past": (N_("Past"), "plain"), "overtaken": (N_("Overtaken"), "warn"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """The rules of the version that decides now, and the drafts."""
    found = await visit.ask("program.read")
    if isinstance(found, Refusal):
        return found
    drafts = await visit.ask("draft.list", query={"open": "yes", "limit": 20})
    rules, general = await asyncio.to_thread(_rules, visit, found)
    return View("rules/list.html", {
        "rules": rules, "states": STATES, "version": found.version,
        "drafts": [] if isinstance(drafts, Refusal) else drafts.items, "cautions": general,
        "few": len(rules) < 3,
    })  # fmt: skip


def _rules(visit: Visit, found: Current) -> tuple[list[RuleTold], list[str]]:
    """(the rules, warnings about the program as a whole)."""
    program = _read(visit.house.reader, found)
    today = visit.now.date()
    cautions = warnings_of(Seen(found.program, program, today), tongue(visit.local.language))
    told = [
        rule_told(place, rule, program.currency, visit.local, today, cautions)
        for place, rule in enumerate(program.rules, 1)
    ]
    return told, [told_caution(each) for each in cautions if not each.rule]


def _read(reader: Reader, found: Current) -> Program:
    """A version that was published: it can be read."""
    return reader.kept(msgspec.json.encode(found.program), found.version)


async def begin(visit: Visit) -> Shown:
    """A new draft of the program that decides now, or of the version that is named."""
    name = visit.form.get("name") or _usual_name(visit)
    word = visit.form.get("base")
    base = int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else None
    made = await visit.ask("draft.make", body={"name": name, "base": base or None})
    if isinstance(made, Refusal):
        return made
    return See(f"{RULES}/drafts/{made.draft.draft_id}", BEGUN)


def _usual_name(visit: Visit) -> str:
    said = visit.local.gettext(N_("Draft of %(day)s"))
    return said % {"day": visit.local.day(visit.now.date())}


async def declare(visit: Visit) -> Shown:
    """What the program declares, as text, in a draft of whoever asks."""
    draft = await mine(visit)
    if isinstance(draft, Refusal):
        return draft
    return See(f"{RULES}/drafts/{draft.draft.draft_id}/text?file={HEAD}", BEGUN)


async def edit(visit: Visit) -> Shown:
    """A rule in a draft: the newest one of whoever asks, if it is not behind; else a new one."""
    draft = await mine(visit)
    if isinstance(draft, Refusal):
        return draft
    rules = examined_rules(draft, visit.house.reader)
    wanted = visit.form.get("rule")
    place = next((at for at, rule in enumerate(rules, 1) if rule == wanted), 0)
    path = f"{RULES}/drafts/{draft.draft.draft_id}"
    return See(f"{path}/rules/{place}" if place else path, BEGUN)


async def mine(visit: Visit) -> DraftView | Refusal:
    """The newest draft of whoever asks, if it is not behind; else a new one."""
    found = await visit.ask("draft.list", query={"open": "yes", "limit": 50})
    if isinstance(found, Refusal):
        return found
    name = visit.who.name if visit.who else ""
    own: list[DraftSummary] = [
        each for each in found.items if each.made_by == name and not each.behind
    ]
    if own:
        read: DraftView | Refusal = await visit.ask(
            "draft.read", path={"draft_id": own[0].draft_id}
        )
        return read
    made: DraftView | Refusal = await visit.ask("draft.make", body={"name": _usual_name(visit)})
    return made


async def show_new(visit: Visit) -> Shown:
    """What would you like to reward?"""
    kinds, words = kinds_of(visit.house.reader), Words(visit.local)
    known = {code for _, codes in WISHES for code in codes}
    own = tuple(each.code for each in kinds.mechanics if each.code not in known)
    _ = visit.local.gettext
    groups = [
        (_(title), [(code, words.mechanic(code), _(EXAMPLES[code]) if code in EXAMPLES else "")
                    for code in codes if kinds.mechanic(code)])
        for title, codes in (*WISHES, (N_("Own ones"), own))
    ]  # fmt: skip
    return View("rules/new.html", {
        "groups": [group for group in groups if group[1]], "draft": visit.query.get("draft", ""),
    })  # fmt: skip


async def add(visit: Visit) -> Shown:
    """A rule of the chosen mechanic, as its example has it, behind the others of a draft."""
    reader = visit.house.reader
    told = kinds_of(reader).mechanic(visit.form.get("mechanic"))
    if told is None:
        return Refusal("mechanic_unknown", "mechanic", "there is no such mechanic", "choose one")
    id = visit.form.get("draft")
    draft = await (visit.ask("draft.read", path={"draft_id": id}) if id else mine(visit))
    if isinstance(draft, Refusal):
        return draft
    there = set(examined_rules(draft, reader))
    name = next(
        each for n in range(1, 10_000)
        if (each := told.code if n == 1 else f"{told.code}-{n}") not in there
    )  # fmt: skip
    called = Words(visit.local).mechanic(told.code)
    rule = {**told.example, "id": name, "name": called, "mechanic": told.code}
    files = with_new_rule(draft.files, rule, reader.mechanics)
    new: dict[str, str | None] = {
        path: text for path, text in files.items() if path not in draft.files
    }
    made = await visit.ask(
        "draft.change", path={"draft_id": draft.draft.draft_id},
        body={"revision": draft.draft.revision, "files": new}, key=f"{visit.form.key}-add",
    )  # fmt: skip
    path = f"{RULES}/drafts/{draft.draft.draft_id}/rules/{len(there) + 1}"
    return made if isinstance(made, Refusal) else See(path, BEGUN)


# Versions ----------------------------------------------------------------------------------------


async def show_versions(visit: Visit) -> Shown:
    """Every version, the newest first."""
    found = await visit.ask(
        "program.versions", query={"cursor": visit.query.get("cursor"), "limit": 30}
    )
    if isinstance(found, Refusal):
        return found
    return View("rules/versions.html", {
        "versions": found.items, "states": VERSION_STATES,
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor="") if visit.query.get("cursor") else "",
    })  # fmt: skip


async def show_version(visit: Visit) -> Shown:
    """A version: its rules, what differs from another one in sentences and as text."""
    one = await visit.ask("program.version", path={"version": visit.words["version"]})
    if isinstance(one, Refusal):
        return one
    listed = await visit.ask("program.versions", query={"limit": 100})
    if isinstance(listed, Refusal):
        return listed
    version: VersionView | None = next(
        (each for each in listed.items if each.version == one.version), None
    )
    current = next((each.version for each in listed.items if each.state == "current"), one.version)
    usual = current if current != one.version else max(one.version - 1, 1)
    word = visit.query.get("with", str(usual))
    other = await visit.ask("program.version", path={"version": word[:12] or "0"})
    if isinstance(other, Refusal):
        other = one
    values = await asyncio.to_thread(_compared, visit, other, one)
    return View("rules/version.html", values | {
        "version": version, "number": one.version, "states": VERSION_STATES, "rule_states": STATES,
        "others": [each.version for each in listed.items if each.version != one.version],
        "other": other.version, "current": current,
    })  # fmt: skip


def _compared(visit: Visit, old: Current, new: Current) -> dict[str, Any]:
    reader = visit.house.reader
    before, after = _read(reader, old), _read(reader, new)
    today: date = visit.now.date()
    return {
        "rules": [
            rule_told(place, rule, after.currency, visit.local, today)
            for place, rule in enumerate(after.rules, 1)
        ],
        "changes": all_changes(before, after, visit.local),
        "diff": diff_of(text_of(old.program, reader), text_of(new.program, reader)),
    }  # fmt: skip


async def roll_back(visit: Visit) -> Shown:
    """The version is published again, from now on or from a day on."""
    when = start_of(visit)
    if isinstance(when, Refusal):
        return when
    word = visit.words["version"]
    number = int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else 1
    body = when | {"version": max(number, 1), "note": visit.form.get("note")}
    made = await visit.ask("program.rollback", body=body)
    return visit.done(made, f"{RULES}/versions", BACK)
