"""A draft on the bench: its text read, its rules at their places, whatever is wrong with them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.rules.telling import RuleTold, Words, rule_told
from tessera.doors.language.tongue import tongue
from tessera.doors.till.drafts import DraftSummary, DraftView
from tessera.doors.web.visit import Visit
from tessera.program.core import Reader
from tessera.program.core.kinds import Kinds, kinds_of
from tessera.program.core.rewriting import Files
from tessera.program.core.seen import Caution, Seen
from tessera.program.core.text import Place, Read, read_text
from tessera.program.core.warnings import warnings_of
from tessera.program.drafts.core import raw
from tessera.rules.core.filling import Fault
from tessera.rules.core.words import Mechanic, Program

RULES = "/console/rules"
_PLACE = re.compile(r"[1-9][0-9]{0,3}")


@dataclass
class Bench:
    """A draft and what its text says.

    faults  of the program as data, by their paths; none where it cannot be put together
    """

    view: DraftView
    reader: Reader
    read: Read
    faults: list[Fault] = field(default_factory=list)

    @property
    def draft(self) -> DraftSummary:
        """The draft without its text."""
        return self.view.draft

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"{RULES}/drafts/{self.draft.draft_id}"

    @property
    def kinds(self) -> Kinds:
        """What rules can be made of."""
        return kinds_of(self.reader)

    @property
    def currency(self) -> str:
        """The program's; euros where the text does not say."""
        said = self.read.body.get("currency") if self.read.body else None
        return said if isinstance(said, str) and re.fullmatch("[A-Z]{3}", said) else "EUR"

    @property
    def numbers(self) -> Mapping[str, Any]:
        """The program's named numbers."""
        said = self.read.body.get("numbers") if self.read.body else None
        return said if isinstance(said, dict) else {}

    @property
    def places(self) -> list[Place]:
        """Where its rules stand, in their order."""
        return self.read.rules

    def place(self, word: str) -> int | None:
        """The number of a rule of the address, from 1; None if there is none."""
        at = int(word) if _PLACE.fullmatch(word) else 0
        return at if 1 <= at <= len(self.places) else None

    def faults_of(self, place: int) -> list[Fault]:
        """What is wrong with a rule, with paths inside it."""
        head = re.compile(rf"rules\[{place - 1}\]\.?")
        return [
            Fault(head.sub("", each.path, count=1), each.why, each.cure)
            for each in self.faults
            if head.match(each.path)
        ]

    def rule(self, place: int) -> Mechanic | None:
        """A rule, if nothing is wrong with it by itself."""
        return self.reader.rule(self.places[place - 1].data, self.numbers)[0]

    def told(self, visit: Visit, cautions: list[Caution]) -> list[RuleTold]:
        """Its rules for a list."""
        return [self._told(visit, place, cautions) for place in range(1, len(self.places) + 1)]

    def _told(self, visit: Visit, place: int, cautions: list[Caution]) -> RuleTold:
        rule, faults = self.rule(place), self.faults_of(place)
        if rule is not None and not faults:
            today = visit.now.date()
            return rule_told(place, rule, self.currency, visit.local, today, cautions)
        data = self.places[place - 1].data
        said = data if isinstance(data, dict) else {}
        id, code = str(said.get("id", "")), str(said.get("mechanic", ""))
        name = str(said.get("name") or id or place)
        mechanic = Words(visit.local).mechanic(code)
        return RuleTold(place, id, name, mechanic, "", "wrong", faults=len(faults) or 1)


async def bench_of(visit: Visit) -> Bench | Refusal:
    """The draft of the address."""
    found = await visit.ask("draft.read", path={"draft_id": visit.words["draft_id"]})
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, DraftView)
    return await asyncio.to_thread(_made, found, visit.house.reader)


_KEPT: dict[tuple[UUID, int], tuple[Read, list[Fault]]] = {}
_MOST = 8  # drafts that are kept read: whoever types is answered from them


def _made(view: DraftView, reader: Reader) -> Bench:
    """A revision never changes, so it is read once while it is remembered."""
    key = (view.draft.draft_id, view.draft.revision)
    kept = _KEPT.get(key)
    if kept is None:
        read = read_text(raw(view.files), reader)
        wrong = read.body is not None and bool(read.mistakes)
        kept = (read, reader.examine(read.body, 0)[1] if wrong else [])
        while len(_KEPT) >= _MOST:
            _KEPT.pop(next(iter(_KEPT)), None)
        _KEPT[key] = kept
    return Bench(view, reader, *kept)


def examined_rules(view: DraftView, reader: Reader) -> list[str]:
    """The ids of a draft's rules, in their order; "" where one has none."""
    rules = [place.data for place in read_text(raw(view.files), reader).rules]
    return [str(data.get("id", "")) if isinstance(data, dict) else "" for data in rules]


async def examined(bench: Bench, body: Mapping[str, Any]) -> tuple[Program | None, list[Fault]]:
    """A body in place of the draft's, checked beside the event loop."""
    return await asyncio.to_thread(bench.reader.examine, body, 0)


async def cautions_of(visit: Visit, bench: Bench, body: Any, program: Program) -> list[Caution]:
    """What to think about, against the program that decides now."""
    before = visit.house.shop().program
    seen = Seen(body, program, visit.now.date(), before)
    return await asyncio.to_thread(warnings_of, seen, tongue(visit.local.language))


async def changed(
    visit: Visit, bench: Bench, files: Files, name: str = ""
) -> DraftView | Refusal:  # fmt: skip
    """Write what differs from the draft's text as its next revision; the same is not written."""
    before = bench.view.files
    changes: dict[str, str | None] = {
        path: text for path, text in files.items() if before.get(path) != text
    }
    changes |= dict.fromkeys(path for path in before if path not in files)
    if not changes and not name:
        return bench.view
    word = visit.form.get("revision")
    revision = int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else 1
    body = {"revision": max(revision, 1), "files": changes, "name": name}
    made: DraftView | Refusal = await visit.ask(
        "draft.change", path={"draft_id": bench.draft.draft_id}, body=body
    )
    return made
