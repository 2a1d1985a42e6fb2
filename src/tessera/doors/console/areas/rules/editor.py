"""One rule of a draft: its form, its sentence while somebody types, its buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.rules.bench import (
    Bench,
    bench_of,
    cautions_of,
    changed,
    examined,
)
from tessera.doors.console.areas.rules.boxes import Box, Sheet, every, sheet_of, walk
from tessera.doors.console.areas.rules.labels import CONDITIONS
from tessera.doors.console.areas.rules.moves import moved
from tessera.doors.console.areas.rules.reading import rule_of
from tessera.doors.console.areas.rules.telling import Words, sentence_of, told_caution
from tessera.doors.language.words import N_
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core.rewriting import loses_comments, with_rule, without_rule
from tessera.rules.core.filling import Fault
from tessera.rules.core.words import Mechanic

SAVED = N_("Saved in the draft.")
REMOVED = N_("The rule is taken out of the draft.")
MANY = 200  # rules beyond which only the one that is typed is judged until it is saved
_WHEN = ("starts", "ends", "stores", "regions")
_WHOM = ("sample", "ramp", "hidden")
_NAME = ("name", "id")
_UNKNOWN = Refusal(
    "rule_unknown", "place", "there is no such rule in this draft", "look it up in the draft"
)


async def _placed(visit: Visit) -> tuple[Bench, int] | Refusal:
    """The draft, and which of its rules the address names, from 1."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    place = bench.place(visit.words["place"])
    return _UNKNOWN if place is None else (bench, place)


async def show(visit: Visit) -> Shown:
    """The form; of what was typed, if something was."""
    at = await _placed(visit)
    if isinstance(at, Refusal):
        return at
    bench, place = at
    data = _typed(visit, bench) if visit.posted else bench.places[place - 1].data
    if not isinstance(data, dict):
        return See(f"{bench.path}/text?file={quote(bench.places[place - 1].file.file)}")
    return View("rules/rule.html", await _values(visit, bench, place, data))


def _typed(visit: Visit, bench: Bench) -> dict[str, Any]:
    return rule_of(visit.form.fields, bench.kinds)


async def _values(
    visit: Visit, bench: Bench, place: int, data: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    sheet, kinds = sheet_of(data, bench.kinds), bench.kinds
    rule, faults, cautions = await _judged(visit, bench, place, data)
    words = Words(visit.local)
    told = {box.name: box for box in (*sheet.own, *sheet.common)}
    at_fields, others = by_box(sheet, faults)
    file = bench.places[place - 1].file.file
    return {
        "bench": bench, "draft": bench.draft, "place": place, "sheet": sheet, "rule": rule,
        "words": words, "kinds": kinds, "currency": bench.currency, "numbers": bench.numbers,
        "name": str(data.get("name") or data.get("id") or place),
        "faults": {name: words.fault(each) for name, each in at_fields.items()},
        "others": [words.fault(each) for each in others],
        "sentence": sentence_of(rule, bench.currency, visit.local) if rule else "",
        "cautions": cautions, "conditions": offered(words, kinds),
        "mechanics": sorted(
            ((each.code, words.mechanic(each.code)) for each in kinds.mechanics),
            key=lambda each: each[1],
        ),
        "when": _some(told, _WHEN), "whom": _some(told, _WHOM), "how": rest_of(sheet),
        "naming": _some(told, _NAME), "caps": told.get("caps"),
        "own": [box for box in sheet.own if box.name != "caps"],
        "into": " ".join(["said", "cautions", *_fault_ids(sheet)]),
        "first_boxes": lambda boxes: [
            each for place, each in enumerate(boxes) if shown_first(each, place)
        ],
        "hidden_boxes": lambda boxes: [
            each for place, each in enumerate(boxes) if not shown_first(each, place)
        ],
        "at": visit.query.get("at", ""), "file": file,
        "loses": loses_comments(bench.view.files.get(file, "")),
    }  # fmt: skip


def shown_first(box: Box, place: int) -> bool:
    """Whether a condition's field is seen at once: what is said, what must be, the first two."""
    return box.said or box.told.required or (place < 2 and box.told.control != "settings")


def _some(told: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    return [told[name] for name in names if name in told]


def rest_of(sheet: Sheet) -> list[Box]:
    """What every rule has and no other panel shows: a field that is on no panel would be lost."""
    elsewhere = {*_WHEN, *_WHOM, *_NAME, "caps", *(box.name for box in sheet.own)}
    return [box for box in sheet.common if box.name not in elsewhere]


def offered(words: Words, kinds: Any) -> list[tuple[str, list[tuple[str, str]]]]:
    """The conditions that can be asked, by what they are about; a shop's own ones last."""
    found, seen = [], set()
    for title, group in CONDITIONS:
        some = [(code, words.condition(code)) for code in group if kinds.condition(code)]
        seen |= set(group)
        if some:
            found.append((words.local.gettext(title), some))
    rest = [(each.code, words.condition(each.code)) for each in kinds.conditions
            if each.code not in seen]  # fmt: skip
    if rest:
        found.append((words.local.gettext(N_("Own ones")), rest))
    return found


async def _judged(
    visit: Visit, bench: Bench, place: int, data: dict[str, Any]
) -> tuple[Mechanic | None, list[Fault], list[str]]:
    """(the rule, None if it has mistakes of its own; what is wrong; what to think about)."""
    alone, own = bench.reader.rule(data, bench.numbers)
    typing = visit.posted and visit.form.do == "preview"
    if bench.read.body is None or (typing and len(bench.places) > MANY):
        return alone, own, []
    rules = [each.data for each in bench.places]
    rules[place - 1] = data
    body = {**bench.read.body, "rules": rules}
    program, faults = await examined(bench, body)
    head = f"rules[{place - 1}]"
    mine = [
        Fault(each.path.removeprefix(head).lstrip("."), each.why, each.cure)
        for each in faults
        if each.path == head or each.path.startswith((f"{head}.", f"{head}["))
    ]
    if program is None or alone is None:
        return alone, mine or own, []
    cautions = await cautions_of(visit, bench, body, program)
    return alone, mine, [told_caution(each) for each in cautions if each.rule == alone.id]


def by_box(sheet: Sheet, faults: Sequence[Fault]) -> tuple[dict[str, Fault], list[Fault]]:
    """({control: what is wrong with it}, what belongs to none).

    A fault belongs to the control whose path is the longest that the fault's begins with.
    """
    paths = {box.path: box.name for box in every((*sheet.own, *sheet.common))}
    for branch in walk(sheet.tree):
        paths.setdefault(branch.path, f"{branch.name}:kind")
        paths.update({box.path: box.name for box in every(branch.boxes)})
    paths["mechanic"] = "mechanic"
    found: dict[str, Fault] = {}
    others = []
    for fault in faults:
        fits = [path for path in paths if _within(fault.path, path)]
        name = paths[max(fits, key=len)] if fits else ""
        missing = next((each for each in _missing(sheet, fault)), "")
        if name and not missing:
            found.setdefault(name, fault)
        elif missing:
            found.setdefault(missing, fault)
        else:
            others.append(fault)
    return found, others


def _missing(sheet: Sheet, fault: Fault) -> list[str]:
    """The control of a field that is required and not said: its fault names what it stands in."""
    word, is_, _ = fault.why.partition(" is missing")
    if not is_:
        return []
    boxes = [*every((*sheet.own, *sheet.common))]
    for branch in walk(sheet.tree):
        boxes += every(branch.boxes)
    return [
        box.name for box in boxes
        if box.told.name == word and box.path.rpartition(".")[0] == fault.path
    ]  # fmt: skip


def _within(path: str, start: str) -> bool:
    return path == start or path.startswith((f"{start}.", f"{start}["))


def _fault_ids(sheet: Sheet) -> list[str]:
    """The places for what is wrong: they are filled while somebody types."""
    found = [f"{box.name}-fault" for box in every((*sheet.own, *sheet.common))]
    for branch in walk(sheet.tree):
        found.append(f"{branch.name}:kind-fault")
        found += [f"{box.name}-fault" for box in every(branch.boxes)]
    return found


async def save(visit: Visit) -> Shown:
    """Write the form into the draft's text, after what its button says was done to it."""
    at = await _placed(visit)
    if isinstance(at, Refusal):
        return at
    bench, place = at
    data, order = _typed(visit, bench), visit.form.get("then")
    focus, note = "", "" if order else SAVED
    if order:
        _, _, name = order.partition(" ")
        new, root = visit.form.get(f"{name}:new"), visit.form.get("when:kind")
        focus = moved(data, order, new, root, bench.kinds)
    if visit.form.get("mechanic:was") not in ("", data["mechanic"]):
        data, note = turned(data, bench), ""
    before = bench.places[place - 1]
    if not same(before.data, data, bench):
        made = await changed(
            visit, bench, with_rule(bench.view.files, before, data, bench.reader.mechanics)
        )  # fmt: skip
        if isinstance(made, Refusal):
            return made
    path = f"{bench.path}/rules/{place}"
    return See(f"{path}?at={quote(focus)}" if focus else path, note)


def same(before: Any, data: dict[str, Any], bench: Bench) -> bool:
    """Whether two spellings are one rule: then the text stays as somebody wrote it."""
    if before == data:
        return True
    one, _ = bench.reader.rule(before, bench.numbers)
    two, _ = bench.reader.rule(data, bench.numbers)
    return one is not None and one == two and named_numbers(before) == named_numbers(data)


def named_numbers(data: Any) -> list[str]:
    """The numbers it names, which are lost in what is read."""
    if isinstance(data, dict):
        return sorted(name for each in data.values() for name in named_numbers(each))
    if isinstance(data, list):
        return sorted(name for each in data for name in named_numbers(each))
    return [data] if isinstance(data, str) and data.startswith("$") else []


def turned(data: dict[str, Any], bench: Bench) -> dict[str, Any]:
    """A rule whose mechanic was changed: what every rule has, and the mechanic's own example."""
    told = bench.kinds.mechanic(data["mechanic"])
    common = {each.name for each in bench.kinds.common} | {"when"}
    kept = {name: value for name, value in data.items() if name in common}
    example = {
        name: value for name, value in (told.example if told else {}).items()
        if name not in ("id", "when")
    }  # fmt: skip
    return {**kept, **example, "id": kept.get("id", data["mechanic"])}


async def remove(visit: Visit) -> Shown:
    """Take the rule out of the draft."""
    at = await _placed(visit)
    if isinstance(at, Refusal):
        return at
    bench, place = at
    files = without_rule(bench.view.files, bench.places[place - 1], bench.reader.mechanics)
    made = await changed(visit, bench, files)
    return visit.done(made, bench.path, REMOVED)
