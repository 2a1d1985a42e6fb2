"""A draft: its rules, its numbers, its text, what it changes; sending it for approval."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.rules.bench import (
    RULES,
    Bench,
    bench_of,
    cautions_of,
    changed,
)
from tessera.doors.console.areas.rules.differing import all_changes
from tessera.doors.console.areas.rules.reading import number
from tessera.doors.console.areas.rules.telling import (
    STATES,
    Words,
    diff_of,
    text_of,
    told_caution,
)
from tessera.doors.console.areas.rules.when import start_of
from tessera.doors.language.words import N_
from tessera.doors.till.drafts import DraftChecked
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core.marked import Mistake
from tessera.program.core.rewriting import loses_comments, with_head
from tessera.program.core.text import HEAD, TESTS
from tessera.program.core.text import RULES as FOLDER
from tessera.rules.core.words import Program

SAVED, DROPPED = N_("Saved in the draft."), N_("The draft is thrown away.")
REBASED = N_("The draft stands on the version that decides now.")
PUBLISHED = N_("Published: it decides from the day that was said.")
_NAME = re.compile(r"[\w-]{1,64}")


async def show(visit: Visit) -> Shown:
    """The draft's rules with what is wrong, its numbers, and what can be done with it."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    program, body = bench.read.program, bench.read.body
    cautions = await cautions_of(visit, bench, body, program) if program and body else []
    told = await asyncio.to_thread(bench.told, visit, cautions)
    return View("rules/draft.html", {
        "bench": bench, "draft": bench.draft, "rules": told, "states": STATES, "tab": "rules",
        "mistakes": _mistakes(visit, bench.read.mistakes), "numbers": bench.numbers,
        "cautions": [told_caution(each) for each in cautions if not each.rule],
        "loses": loses_comments(bench.view.files.get(HEAD, "")),
    })  # fmt: skip


def _mistakes(visit: Visit, found: Sequence[Mistake]) -> list[tuple[Mistake, str]]:
    """Mistakes, each with what it says in the reader's language."""
    words = Words(visit.local)
    return [(each, words.fault(each)) for each in found]


async def rename(visit: Visit) -> Shown:
    """Another name for the draft."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    made = await changed(visit, bench, bench.view.files, visit.form.get("name"))
    return visit.done(made, bench.path, SAVED)


async def numbers(visit: Visit) -> Shown:
    """The program's numbers by name: rules take them by `$name`."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    names, values = visit.form.all("number"), visit.form.all("value")
    found: dict[str, Any] = {}
    for name, value in zip(names, values, strict=False):
        name, value = name.strip().removeprefix("$"), value.strip()
        if not name:
            continue
        if not _NAME.fullmatch(name) or not value:
            _ = visit.local.gettext
            return Refusal("number_invalid", "number",
                           _("A number has a name of letters, digits, _ and -, and a value."),
                           _("Write both, or leave both empty."))  # fmt: skip
        found[name] = number(value)
    if not isinstance(bench.read.head.data, dict) or bench.read.head.broken:
        return Refusal("draft_unreadable", HEAD, "this file cannot be read", "put its text right")
    files = with_head(bench.view.files, bench.read, {"numbers": found or None})
    return visit.done(await changed(visit, bench, files), bench.path, SAVED)


async def drop(visit: Visit) -> Shown:
    """Nobody wants it."""
    path = {"draft_id": visit.words["draft_id"]}
    return visit.done(await visit.ask("draft.drop", path=path), RULES, DROPPED)


async def rebase(visit: Visit) -> Shown:
    """The draft's own changes, on the version that decides now."""
    path = {"draft_id": visit.words["draft_id"]}
    word = visit.form.get("revision")
    revision = int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else 1
    made = await visit.ask("draft.rebase", path=path, body={"revision": max(revision, 1)})
    if isinstance(made, Refusal):
        return made
    back = f"{RULES}/drafts/{path['draft_id']}"
    both = ",".join(made.both)
    return See(f"{back}/changes?both={quote(both)}" if both else back, REBASED)


# The text ----------------------------------------------------------------------------------------


async def show_text(visit: Visit) -> Shown:
    """One file of the draft as text, as the command line reads it."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    files = bench.view.files
    wanted = visit.query.get("file", "")
    name = wanted if wanted in files else next(iter(sorted(files)), HEAD)
    text = visit.form.get("text") if visit.posted and visit.form.do == "text" else files[name]
    places = {place.file.file: at for at, place in reversed(list(enumerate(bench.places, 1)))}
    wrong = bench.read.mistakes
    return View("rules/text.html", {
        "bench": bench, "draft": bench.draft, "tab": "text", "files": sorted(files), "file": name,
        "text": text, "place": places.get(name, 0), "rows": min(max(text.count("\n") + 3, 12), 40),
        "mistakes": _mistakes(visit, [each for each in wrong if each.file == name]),
        "elsewhere": _mistakes(visit, [each for each in wrong if each.file != name]),
        "wrong_files": {each.file for each in wrong},
    })  # fmt: skip


async def save_text(visit: Visit) -> Shown:
    """Write the file; it may be wrong, that is told."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    name = visit.query.get("file", "") or visit.form.get("file")
    text = (visit.form.fields.get("text") or [""])[0].replace("\r\n", "\n")
    if text and not text.endswith("\n"):
        text += "\n"
    made = await changed(visit, bench, {**bench.view.files, name: text})
    return visit.done(made, _file(bench, name), SAVED)


async def new_file(visit: Visit) -> Shown:
    """One file more."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    folder = TESTS if visit.form.get("kind") == "test" else FOLDER
    ending = ".txt" if folder == TESTS else ".yaml"
    name = f"{folder}{visit.form.get('name').removesuffix(ending)}{ending}"
    begins = "# \n"
    made = await changed(visit, bench, {**bench.view.files, name: begins})
    return visit.done(made, _file(bench, name), SAVED)


async def drop_file(visit: Visit) -> Shown:
    """One file less."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    name = visit.query.get("file", "") or visit.form.get("file")
    files = {path: text for path, text in bench.view.files.items() if path != name}
    return visit.done(await changed(visit, bench, files), f"{bench.path}/text", SAVED)


def _file(bench: Bench, name: str) -> str:
    return f"{bench.path}/text?file={quote(name)}"


# What it changes, and publishing -----------------------------------------------------------------


async def show_changes(visit: Visit) -> Shown:
    """What would change against the version that decides now, and the way to publish it."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    checked = await visit.ask("draft.check", path={"draft_id": bench.draft.draft_id})
    if isinstance(checked, Refusal):
        return checked
    assert isinstance(checked, DraftChecked)
    now = await visit.ask("program.read")
    if isinstance(now, Refusal):
        return now
    reader = bench.reader
    old = reader.kept(msgspec.json.encode(now.program), now.version)
    new: Program = bench.read.program or old
    cautions = [(each.rule, told_caution(each)) for each in checked.warnings]
    return View("rules/changes.html", {
        "bench": bench, "draft": bench.draft, "tab": "changes", "checked": checked,
        "changes": all_changes(old, new, visit.local),
        "cautions": list(dict.fromkeys(cautions)),
        "sentences": checked.changes, "mistakes": _mistakes(visit, checked.mistakes),
        "diff": diff_of(text_of(now.program, reader), text_of(bench.read.body, reader))
        if bench.read.program and bench.read.body else [],
        "version": now.version, "both": [each for each in visit.query.get("both", "").split(",")
                                         if each],
        "failed": [each for each in checked.tests if not each.passed],
    })  # fmt: skip


async def publish(visit: Visit) -> Shown:
    """Through the operation that publishes: where the program says so, a second person decides."""
    when = start_of(visit)
    if isinstance(when, Refusal):
        return when
    draft_id = visit.words["draft_id"]
    checked = await visit.ask("draft.check", path={"draft_id": draft_id})
    if isinstance(checked, Refusal):
        return checked
    if checked.program is None or checked.mistakes:
        return Refusal("draft_unreadable", "files", "the draft has mistakes", "put them right")
    if str(checked.draft.revision) != visit.form.get("revision"):
        return Refusal("draft_changed", "revision", "somebody has changed this draft meanwhile",
                       "look at what changes, and send it again")  # fmt: skip
    note = visit.form.get("note") or checked.draft.name
    body = when | {"program": checked.program, "note": note, "draft": draft_id}
    made = await visit.ask("program.announce", body=body)
    return visit.done(made, f"{RULES}/versions", PUBLISHED)
