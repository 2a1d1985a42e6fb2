"""What a program declares in a table of its head, written by forms in a draft: the way of all.

Budgets, kinds of coupons, ladders: a `Declared` says how one entry becomes boxes, data and words.
How it is found, told while somebody types, saved and taken out is the same for all and stands here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.rules.bench import RULES, Bench, bench_of, changed, examined
from tessera.doors.console.areas.rules.boxes import Box, Sheet, as_json, boxes_of, every
from tessera.doors.console.areas.rules.editor import SAVED, by_box, named_numbers
from tessera.doors.console.areas.rules.program import BEGUN, mine
from tessera.doors.console.areas.rules.reading import Sent, raw_of, said_of
from tessera.doors.console.areas.rules.telling import Words as RuleWords
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core.kinds import FieldTold
from tessera.program.core.rewriting import loses_comments, with_head
from tessera.program.core.text import HEAD
from tessera.rules.core.filling import Fault, Filler
from tessera.rules.core.words import Program

NEW = "new"
CALLED = "called"  # the control of a new entry's code
NAMED = N_("It is still named: by %(names)s.")
UNNAME = N_("Take it out there first.")


@dataclass(frozen=True)
class Words:
    """What a form calls things, as `rules/tree.html` asks it.

    labels, hints, choices  sentences by the fields' names and by what may be chosen
    names                   of what may be chosen: what somebody has called it already
    """

    local: Local
    labels: Mapping[str, str]
    hints: Mapping[str, str]
    choices: Mapping[str, str]
    names: Mapping[str, str]

    def field(self, told: FieldTold) -> str:
        """A field; one that is not known here by its own name."""
        name = told.name
        return self.local.gettext(self.labels[name]) if name in self.labels else name

    def choice(self, word: str) -> str:
        """What may be chosen."""
        if word in self.choices:
            return self.local.gettext(self.choices[word])
        return self.names.get(word, word)

    def hint(self, told: FieldTold) -> str:
        """What is to be written, where that is not plain."""
        return self.local.gettext(self.hints[told.name]) if told.name in self.hints else ""


@dataclass(frozen=True)
class Entry:
    """An entry as its form stands.

    made     it, and the program with it; None where there are mistakes
    boxes    of its fields, by their names
    said     its plain words, "" where it has none yet
    """

    code: str
    data: Mapping[str, Any]
    boxes: Mapping[str, Box]
    words: Words
    program: Program | None
    made: Any
    said: str


def shown_as(data: Mapping[str, Any], fields: Sequence[FieldTold]) -> tuple[tuple[Box, ...], str]:
    """(a box for each field, what no field is for as JSON)."""
    found, rest = boxes_of(data, fields, "", "")
    return found, as_json(rest) if rest else ""


def sent_as(sent: Sent, fields: Sequence[FieldTold]) -> dict[str, Any]:
    """The entry that a form says. What cannot be read stays as it was typed."""
    other = raw_of((sent.get(":other") or [""])[0])
    data: dict[str, Any] = other if isinstance(other, dict) else {}
    return data | said_of(sent, fields)


def free_code(name: str, taken: Mapping[str, Any], otherwise: str) -> str:
    """A code of a name: short, plain and not there yet; in capitals if `otherwise` is."""
    word = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:24].strip("-")
    word = (word.upper() if otherwise.isupper() else word) or otherwise
    number = 1
    while (code := word if number == 1 else f"{word}-{number}") in taken or code == NEW:
        number += 1
    return code


def named_by(
    bench: Bench, table: str, code: str, names: Callable[[Mapping[str, Any]], object]
) -> list[str]:
    """What else of the draft names an entry: rules, prizes of draws, whatever holds its code.

    names  what a mapping of the text names, if anything: its code is looked for there
    """
    head = bench.read.head.data if isinstance(bench.read.head.data, dict) else {}
    found = [(str(each.data.get("name") or each.data.get("id") or ""), each.data)
             for each in bench.places if isinstance(each.data, dict)]  # fmt: skip
    for name, said in head.items():
        if name == table or not isinstance(said, dict):
            continue
        found += [
            (str(each.get("name") or key) if isinstance(each, dict) else name, each)
            for key, each in said.items()
        ]
    return list(dict.fromkeys(name for name, data in found if mentions(data, code, names)))


def mentions(data: Any, code: str, names: Callable[[Mapping[str, Any]], object]) -> bool:
    """Whether a mapping names an entry, or anything inside it does; names: as of `named_by`."""
    return any(names(each) == code for each in _within(data))


def _within(data: Any) -> Iterator[Mapping[str, Any]]:
    """A mapping and all that lie inside it."""
    if isinstance(data, dict):
        yield data
        data = [*data.values()]
    for each in data if isinstance(data, list) else ():
        yield from _within(each)


@dataclass(frozen=True)
class Declared:
    """A table of the program whose entries are written by a form.

    table, one  as the text and the address have it, and one of it: the form's name
    kind        of an entry; code: what one is called that has no name
    first       what a new one says, until somebody says more
    boxes       an entry's data as a form; read: what the form sent, as data again
    words       what the form calls things; tell: an entry in plain words
    more        what its page needs besides what all have
    named       what keeps an entry in the program: names of rules and prizes
    moved       what a button does to the data besides saving: the control that is next
    unknown     there is no such entry; taken, removed: sentences
    """

    table: str
    one: str
    kind: type[Struct]
    code: str
    first: Callable[[Local], dict[str, Any]]
    boxes: Callable[[Bench, Mapping[str, Any]], tuple[tuple[Box, ...], str]]
    read: Callable[[Bench, Sent], dict[str, Any]]
    words: Callable[[Visit, Bench], Words]
    tell: Callable[[str, Program, Local], str]
    more: Callable[[Visit, Bench, Entry], Awaitable[dict[str, Any]]]
    named: Callable[[Visit, Bench, str], Awaitable[list[str]]]
    moved: Callable[[dict[str, Any], str], str]
    unknown: Refusal
    taken: str
    removed: str

    async def begin(self, visit: Visit) -> Shown:
        """The form of a new one, or of the named one, in a draft of whoever asks."""
        draft = await mine(visit)
        if isinstance(draft, Refusal):
            return draft
        code = visit.form.get("code") or NEW
        path = f"{RULES}/drafts/{draft.draft.draft_id}/{self.table}/{quote(code, safe='')}"
        return See(path, BEGUN)

    async def show_all(self, visit: Visit) -> Shown:
        """Those of the draft."""
        bench = await bench_of(visit)
        if isinstance(bench, Refusal):
            return bench
        found, program = self.entries(bench), bench.read.program
        if program is None and bench.read.body is not None:
            body = {**bench.read.body, self.table: self._sound(bench)}
            program, _ = await examined(bench, body)
        sound = getattr(program, self.table) if program is not None else {}
        return View(self._template(visit, "drafted"), {
            "bench": bench, "draft": bench.draft, "tab": self.table,
            "entries": [
                (code, str(data.get("name") or code) if isinstance(data, dict) else code,
                 self.tell(code, program, visit.local) if program and code in sound else "")
                for code, data in found.items()
            ],
        })  # fmt: skip

    async def show(self, visit: Visit) -> Shown:
        """The form; of what was typed, if something was."""
        bench = await bench_of(visit)
        if isinstance(bench, Refusal):
            return bench
        code = visit.words["code"]
        data = self.entries(bench).get(code) if code != NEW else self.first(visit.local)
        if visit.posted:
            data = self.read(bench, visit.form.fields)
        if data is None and _readable(bench):
            return self.unknown
        if not isinstance(data, dict) or not _readable(bench):
            return See(f"{bench.path}/text?file={HEAD}")
        return View(self._template(visit, "form"), await self._values(visit, bench, code, data))

    async def save(self, visit: Visit) -> Shown:
        """Write the form into the draft's text, after what its button says was done to it."""
        bench = await bench_of(visit)
        if isinstance(bench, Refusal):
            return bench
        data, order = self.read(bench, visit.form.fields), visit.form.get("then")
        entries, code = self.entries(bench), visit.words["code"]
        if code == NEW:
            code = visit.form.get(CALLED).replace("/", "-")  # it stands in an address
            code = code or free_code(str(data.get("name", "")), entries, self.code)
            if code in entries or code == NEW:
                _ = visit.local.gettext
                return Refusal("code_taken", CALLED, _(self.taken), _("Choose another one."))
        focus = self.moved(data, order) if order else ""
        if self._same(bench, entries.get(code), data):
            data = entries[code]  # the text stays as somebody wrote it
        made = await self._write(visit, bench, {**entries, code: data})
        path = f"{bench.path}/{self.table}/{quote(code, safe='')}"
        path = f"{path}?at={quote(focus)}" if focus else path
        return visit.done(made, path, "" if order else SAVED)

    async def remove(self, visit: Visit) -> Shown:
        """Take it out of the draft, where nothing names it any more."""
        bench = await bench_of(visit)
        if isinstance(bench, Refusal):
            return bench
        code, local = visit.words["code"], visit.local
        names = await self.named(visit, bench, code)
        if names:
            why = local.gettext(NAMED) % {"names": local.listed(names)}
            return Refusal("still_named", "code", why, local.gettext(UNNAME))
        rest = {each: data for each, data in self.entries(bench).items() if each != code}
        made = await self._write(visit, bench, rest)
        return visit.done(made, f"{bench.path}/{self.table}", self.removed)

    def entries(self, bench: Bench) -> Mapping[str, Any]:
        """As the text has them, whatever is wrong with them."""
        head = bench.read.head.data
        said = head.get(self.table) if isinstance(head, dict) else None
        return said if isinstance(said, dict) else {}

    def _template(self, visit: Visit, name: str) -> str:
        return f"{visit.page.area}/{name}.html"

    async def _write(self, visit: Visit, bench: Bench, entries: Mapping[str, Any]) -> Any:
        if not _readable(bench):
            return Refusal(
                "draft_unreadable", HEAD, "this file cannot be read", "put its text right"
            )  # fmt: skip
        files = with_head(bench.view.files, bench.read, {self.table: dict(entries) or None})
        return await changed(visit, bench, files)

    def _sound(self, bench: Bench) -> Mapping[str, Any]:
        """Those without a mistake of their own: another's does not hide what they do."""
        head = f"{self.table}."
        faults = [each.path for each in bench.faults if each.path.startswith(head)]
        wrong = {re.sub(r"\[.*", "", path.removeprefix(head).split(".")[0]) for path in faults}
        return {code: each for code, each in self.entries(bench).items() if code not in wrong}

    def _same(self, bench: Bench, before: Any, data: dict[str, Any]) -> bool:
        """Whether two spellings are one entry."""
        if before is None or named_numbers(before) != named_numbers(data):
            return False
        filler = Filler(bench.reader.conditions, bench.numbers)
        one = filler.fill(self.kind, before, "")
        return one is not None and one == filler.fill(self.kind, data, "")

    async def _values(
        self, visit: Visit, bench: Bench, code: str, data: dict[str, Any]
    ) -> dict[str, Any]:
        found, other = self.boxes(bench, data)
        typing = visit.posted and visit.form.do == "preview"
        entries = {**self._sound(bench), code: data}
        program, faults = None, list[Fault]()
        if bench.read.body is not None:
            program, faults = await examined(bench, {**bench.read.body, self.table: entries})
        made = getattr(program, self.table).get(code) if program is not None else None
        if code == NEW and not visit.posted:
            faults = []  # nobody has typed anything yet
        told, others = placed(found, faults, f"{self.table}.{code}")
        words, fault = self.words(visit, bench), RuleWords(visit.local).fault
        said = self.tell(code, program, visit.local) if made is not None and program else ""
        boxes = {box.name: box for box in found}
        entry = Entry(code, data, boxes, words, program, made, said)
        return {
            "bench": bench, "draft": bench.draft, "tab": self.table, "one": self.one,
            "code": code, "new": code == NEW, "words": words, "other": other, "boxes": boxes,
            "currency": bench.currency, "numbers": bench.numbers,
            "at": visit.query.get("at", ""),
            "name": str(data.get("name") or (code if code != NEW else "")),
            "faults": {name: fault(each) for name, each in told.items()},
            "others": [fault(each) for each in others], "sentence": said,
            "elsewhere": bool(program is None and not told and not others), "nothing": "",
            "named": [] if code == NEW or typing else await self.named(visit, bench, code),
            "into": " ".join(["said", "outlook", *(f"{box.name}-fault" for box in every(found))]),
            "loses": loses_comments(bench.view.files.get(HEAD, "")), "file": HEAD,
        } | await self.more(visit, bench, entry)  # fmt: skip


def _readable(bench: Bench) -> bool:
    return isinstance(bench.read.head.data, dict) and not bench.read.head.broken


def placed(
    found: Sequence[Box], faults: Sequence[Fault], head: str
) -> tuple[dict[str, Fault], list[Fault]]:
    """({control: what is wrong with it}, what belongs to the entry as a whole)."""
    spelled = {box.name: box.path for box in found}
    mine = []
    for each in faults:
        if each.path == head or each.path.startswith((f"{head}.", f"{head}[")):
            parts = re.match(r"([^.\[]*)(.*)", each.path.removeprefix(head).lstrip("."))
            assert parts is not None, "it fits everything"
            path = spelled.get(parts[1], parts[1]) + parts[2]
            mine.append(Fault(path, each.why, each.cure))
    return by_box(Sheet("", None, tuple(found)), mine)


async def nothing_names(visit: Visit, bench: Bench, code: str) -> list[str]:
    """Nothing keeps it in the program."""
    return []


def nothing_moves(data: dict[str, Any], order: str) -> str:
    """The form has no buttons but those that all have."""
    return ""
