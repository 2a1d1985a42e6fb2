"""Programs that are being written, over HTTP: made, changed, checked, tried on a receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access.core import allowed
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.checkout.trying import flows as trying
from tessera.checkout.trying.core import Manner, Trial
from tessera.doors.call import Call, Operation
from tessera.doors.language.faults import retold
from tessera.doors.language.tongue import tongue
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.till.checkout import BASKET
from tessera.program import db as versions
from tessera.program.core import Reader
from tessera.program.core.difference import Edition, differences
from tessera.program.core.kinds import Kinds, kinds_of
from tessera.program.core.marked import Mistake
from tessera.program.core.rehearsal import gave_in, rehearse
from tessera.program.core.seen import Caution, Seen
from tessera.program.core.text import Read, read_text
from tessera.program.core.warnings import warnings_of
from tessera.program.drafts import core, db, flows
from tessera.program.drafts.core import Draft
from tessera.program.drafts.flows import By
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt, ReceiptKey

_Text = Annotated[str, Meta(max_length=1024 * 1024)]
_Revision = Annotated[int, Meta(ge=1, le=2**31 - 1)]
_Known = Annotated[int, Meta(ge=0, le=10**15)]


class MakeDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A draft to begin. base: the version whose text it has; left out: the one that decides now."""

    name: Annotated[Name, Meta(min_length=1)]
    base: Annotated[int, Meta(ge=1, le=2**31 - 1)] | None = None


class ChangeDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """What changes in a draft.

    revision  the one that was read; refused if somebody has changed it since
    files     {path: its new text, or null to take it away}; the others stay
    """

    revision: _Revision
    files: Annotated[dict[str, _Text | None], Meta(max_length=4000)] = {}
    name: Name = ""


class RebaseDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """Which revision is to be put on the version that decides now."""

    revision: _Revision


class TryDraft(Struct, frozen=True, forbid_unknown_fields=True):
    """A receipt to try: exactly one of the three.

    basket      as a till would send it; without a card a member's of whom `assumed` is so
    receipt     a posted one by what makes it unique; receipt_id: by its id
    assumed     {key of something asked: its value}, see `asked` of the answer
    """

    basket: Receipt | None = None
    receipt: ReceiptKey | None = None
    receipt_id: UUID | None = None
    assumed: Annotated[dict[str, _Known], Meta(max_length=200)] = {}


class DraftSummary(Struct, frozen=True):
    """A draft without its text.

    base       the version it is based on; behind: another one decides now
    published  the version that came of it, null while it is open
    """

    draft_id: UUID
    name: str
    base: int
    behind: bool
    revision: int
    made_at: datetime
    made_by: str
    changed_at: datetime
    changed_by: str
    published: int | None


class DraftView(Struct, frozen=True):
    """A draft with its text, {path: text}. current: the version that decides now."""

    draft: DraftSummary
    current: int
    files: dict[str, str]


class RebasedDraft(Struct, frozen=True):
    """A draft on its new base. both: rules and settings that were changed on both sides."""

    draft: DraftSummary
    both: list[str]


class TestResult(Struct, frozen=True):
    """A test of the draft: where it begins, whether it printed what it should, and both texts."""

    file: str
    line: int
    passed: bool
    told: str
    expected: str


class DraftChecked(Struct, frozen=True):
    """What would come of publishing a draft. With any mistake it would be refused.

    changes  against the version that decides now, in sentences
    program  the draft as data, for publishing it; null where it cannot be put together
    """

    draft: DraftSummary
    mistakes: list[Mistake]
    warnings: list[Caution]
    tests: list[TestResult]
    changes: list[str]
    program: dict[str, Any] | None


async def kinds(call: Call) -> Kinds:
    """GET /v1/program/kinds"""
    return kinds_of(_reader(call))


async def list_all(call: Call) -> Page[DraftSummary] | Refusal:
    """GET /v1/drafts"""
    asked = asked_page({name: word for name, word in call.query.items() if name != "open"})
    if isinstance(asked, Refusal):
        return asked
    wanted = call.query.get("open", "no")
    if wanted not in ("yes", "no"):
        return Refusal("query_invalid", "open", f"open is yes or no, not {wanted[:20]}",
                       "send open=yes, or leave it out")  # fmt: skip
    before, limit = asked
    current, _ = await _current(call)
    rows = await db.page(call.conn, before, limit + 1, open=wanted == "yes")
    return page(rows, limit, lambda row: str(row.id), lambda row: _summary(row, current))


async def make(call: Call) -> DraftView | Refusal:
    """POST /v1/drafts"""
    body: MakeDraft = call.body
    made = await flows.make(
        call.conn, _reader(call), call.outcome_id or new_id(), body.name, body.base, _by(call)
    )
    if isinstance(made, Refusal):
        return made
    call.changed("draft", made.id, None, {"base": made.base, "revision": 1})
    return await _view(call, made)


async def read(call: Call) -> DraftView | Refusal:
    """GET /v1/drafts/{draft_id}"""
    found = await _found(call)
    return found if isinstance(found, Refusal) else await _view(call, found)


async def change(call: Call) -> DraftView | Refusal:
    """POST /v1/drafts/{draft_id}: the next revision."""
    body: ChangeDraft = call.body
    made = await flows.change(
        call.conn, _id(call), body.revision, body.files, body.name, _by(call)
    )  # fmt: skip
    if isinstance(made, Refusal):
        return made
    files: Any = sorted(body.files)
    call.changed(
        "draft", made.id, {"revision": body.revision}, {"revision": made.revision, "files": files}
    )
    return await _view(call, made)


async def rebase(call: Call) -> RebasedDraft | Refusal:
    """POST /v1/drafts/{draft_id}/rebase"""
    body: RebaseDraft = call.body
    made = await flows.rebase(call.conn, _reader(call), _id(call), body.revision, _by(call))
    if isinstance(made, Refusal):
        return made
    draft, how = made
    call.changed(
        "draft", draft.id, {"revision": body.revision},
        {"revision": draft.revision, "base": draft.base},
    )  # fmt: skip
    return RebasedDraft(_summary(draft, draft.base), list(how.both))


async def drop(call: Call) -> DraftSummary | Refusal:
    """POST /v1/drafts/{draft_id}/drop"""
    gone = await flows.drop(call.conn, _id(call))
    if isinstance(gone, Refusal):
        return gone
    call.changed("draft", gone.id, {"revision": gone.revision}, None)
    return _summary(gone, (await _current(call))[0])


async def check(call: Call) -> DraftChecked | Refusal:
    """GET /v1/drafts/{draft_id}/check"""
    found = await _found(call)
    if isinstance(found, Refusal):
        return found
    number, raw = await _current(call)
    reader = _reader(call)
    old = Edition(msgspec.json.decode(raw), reader.kept(raw, number))
    # In a thread: tills are served meanwhile.
    checked = await asyncio.to_thread(_checked, found, reader, old, call)
    wrong = [
        msgspec.structs.replace(
            each, why=retold(each.why, call.language), cure=retold(each.cure, call.language)
        )
        for each in checked.mistakes
    ]
    return msgspec.structs.replace(checked, mistakes=wrong)


def _checked(draft: Draft, reader: Reader, old: Edition, call: Call) -> DraftChecked:
    said = tongue(call.language)
    found = read_text(core.raw(draft.files), reader)
    summary = _summary(draft, old.program.version)
    if found.program is None or found.body is None:
        return DraftChecked(summary, found.mistakes, [], [], [], None)
    mistakes = [*_currency(found, found.program, old.program)]
    tried, wrong = rehearse(found.tests, found.program)
    seen = Seen(found.body, found.program, call.now.date(), old.program, gave_in(tried))
    tests = [
        TestResult(each.file, each.line, each.passed, each.told, each.expected) for each in tried
    ]
    return DraftChecked(
        summary, [*mistakes, *wrong], warnings_of(seen, said), tests,
        differences(old, Edition(found.body, found.program), said), found.body,
    )  # fmt: skip


def _currency(found: Read, program: Program, old: Program) -> list[Mistake]:
    """The currency of the versions before is for ever."""
    if program.currency == old.currency:
        return []
    why = f"the program before runs in {old.currency}"
    return [found.mistake_at("currency", why, "keep the currency")]


async def attempt(call: Call) -> Trial | Refusal:
    """POST /v1/drafts/{draft_id}/try: settle a receipt under the draft, and as it is now."""
    body: TryDraft = call.body
    found = await _found(call)
    if isinstance(found, Refusal):
        return found
    named = [each for each in (body.basket, body.receipt, body.receipt_id) if each is not None]
    if len(named) != 1:
        return Refusal("receipt_not_named", "basket", "one receipt is to be tried",
                       "send one of basket, receipt and receipt_id")  # fmt: skip
    whose = body.basket.whose() if body.basket is not None else None
    if whose is not None and allowed(call.principal, "identify", None) is not None:
        return Refusal("not_allowed", "basket.card", "your role does not ask whose a card is",
                       "leave the card out, and assume what the rules ask")  # fmt: skip
    reader = _reader(call)
    text = await asyncio.to_thread(read_text, core.raw(found.files), reader)
    if text.program is None:
        return flows.unreadable(text)
    assert call.house is not None
    shop, then = call.house.shop(), text.program
    manner = Manner(body.assumed, tongue(call.language))
    if body.basket is not None:
        said = await trying.try_typed(call.conn, shop, then, body.basket, manner, call.now)
    else:
        posted: Any = named[0]
        said = await trying.try_posted(call.conn, shop, then, posted, manner)
    return _in_basket(said, body) if isinstance(said, Refusal) else said


def _in_basket(refusal: Refusal, body: TryDraft) -> Refusal:
    """What is wrong with a typed receipt is wrong inside the basket."""
    if body.basket is None:
        return refusal
    return msgspec.structs.replace(refusal, field=f"basket.{refusal.field}")


def _summary(draft: Draft, current: int) -> DraftSummary:
    return DraftSummary(
        draft.id, draft.name, draft.base, draft.published is None and draft.base != current,
        draft.revision, draft.made_at, draft.made_by, draft.changed_at, draft.changed_by,
        draft.published,
    )  # fmt: skip


async def _view(call: Call, draft: Draft) -> DraftView:
    current, _ = await _current(call)
    return DraftView(_summary(draft, current), current, dict(draft.files))


async def _current(call: Call) -> tuple[int, bytes]:
    found = await versions.current(call.conn, call.now)
    assert found is not None, "a house is opened with a program"
    return found


async def _found(call: Call) -> Draft | Refusal:
    id = _id(call)
    found = None if id is None else await db.read(call.conn, id)
    return found or core.unknown()


def _id(call: Call) -> UUID | None:
    return uuid_of(call.path["draft_id"])


def _by(call: Call) -> By:
    return By(call.principal.name, call.now)


def _reader(call: Call) -> Reader:
    assert call.house is not None
    return call.house.reader


_ONE = "/v1/drafts/{draft_id}"
_RULE = "id: weekend\nmechanic: multiplier\ntimes_x100: 200\nwhen:\n  weekday: [sat, sun]\n"
_FILES: Mapping[str, str] = {"rules/0040-weekend.yaml": _RULE}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "program.kinds", "GET", "/v1/program/kinds", kinds, Kinds,
        "What rules can be made of: every mechanic and condition, with its fields",
    ),
    Operation(
        "draft.list", "GET", "/v1/drafts", list_all, Page[DraftSummary],
        "Programs that are being written, the newest first",
        query={**QUERY, "open": "`yes`: only those not published; `no` unless said otherwise"},
    ),
    Operation(
        "draft.make", "POST", "/v1/drafts", make, DraftView, "Begin a draft of the program",
        kind="writes", body=MakeDraft, status=201, example={"name": "Double points at the weekend"},
    ),
    Operation("draft.read", "GET", _ONE, read, DraftView, "A draft with its text"),
    Operation(
        "draft.change", "POST", _ONE, change, DraftView, "Change files of a draft", kind="writes",
        body=ChangeDraft, example={"revision": 1, "files": _FILES},
    ),
    Operation(
        "draft.rebase", "POST", f"{_ONE}/rebase", rebase, RebasedDraft,
        "Make a draft's changes again on the version that decides now", kind="writes",
        body=RebaseDraft, example={"revision": 1},
    ),
    Operation(
        "draft.drop", "POST", f"{_ONE}/drop", drop, DraftSummary, "Throw a draft away",
        kind="writes",
    ),
    Operation(
        "draft.check", "GET", f"{_ONE}/check", check, DraftChecked,
        "What would come of publishing a draft",
    ),
    Operation(
        "draft.try", "POST", f"{_ONE}/try", attempt, Trial,
        "What a receipt would give under a draft, beside what it gives now", body=TryDraft,
        example={"basket": {name: said for name, said in BASKET.items() if name != "card"}},
    ),
)  # fmt: skip
