"""What files could not bring in, over HTTP: looked at, mended, tried again, dropped, exported."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Annotated

from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.ids import new_id
from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.base.text import Remark
from tessera.doors.call import Call, Once, Operation
from tessera.doors.pages import QUERY, Page, asked_limit, unknown_cursor
from tessera.doors.seeing import note_seen
from tessera.doors.sheets import sheet
from tessera.doors.till.imports import Text, kept_as
from tessera.doors.till.mending import Mend, Story, file_of, stories, told_mapping
from tessera.doors.till.tasks import TaskView, by, not_alone, view
from tessera.doors.till.whose import read_by, whom_of
from tessera.tasks import db as tasks_db
from tessera.tasks.core import Task
from tessera.warehouse.loads import db
from tessera.warehouse.loads.db import Aside

AT_ONCE = 200  # receipts or rows that are tried again, or dropped, by one call
EXPORTED = 2_000
MappingName = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00]*\Z")]
Number = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*\Z")]


class AsideSum(Struct, frozen=True):
    """How much one mapping has in quarantine: receipts, or rows of people's files; by reason."""

    mapping: str
    total: int
    codes: dict[str, int]


class AsideView(Struct, frozen=True):
    """A receipt, or a row of a people's file, that could not be taken.

    number  what tells it from others of its mapping
    row     line of a CSV file, whose header is 1, or row of a Parquet file
    field   the column of the file
    """

    mapping: str
    number: str
    row: int
    code: str
    field: str
    why: str


class OpenAside(Struct, frozen=True, forbid_unknown_fields=True):
    """Which one to look into."""

    mapping: MappingName
    number: Number


class OpenedAside(Struct, frozen=True):
    """One of them, with what stands in its rows: in the first answer only.

    faults  what is wrong, row by row
    rows    of the file, each {column: what stands there}
    gone    what stood there is no longer kept
    """

    mapping: str
    number: str
    row: int
    code: str
    field: str
    why: str
    faults: list[dict[str, str]]
    columns: list[str]
    rows: list[dict[str, str]]
    places: list[int]
    gone: bool


class MendAside(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be tried again, as it is or with other words in its cells.

    layout  the mapping's text, where the file did not come through here
    """

    mapping: MappingName
    items: Annotated[list[Mend], Meta(min_length=1, max_length=AT_ONCE)]
    layout: Text | None = None


class DropAside(Struct, frozen=True, forbid_unknown_fields=True):
    """What is not wanted, and why: that stays in the audit log."""

    mapping: MappingName
    numbers: Annotated[list[Number], Meta(min_length=1, max_length=AT_ONCE)]
    reason: Remark


class DroppedAside(Struct, frozen=True):
    """How many were taken out."""

    dropped: int


class ExportAside(Struct, frozen=True, forbid_unknown_fields=True):
    """What to take along; `cursor`: `next` of the answer before."""

    mapping: MappingName
    cursor: Annotated[str, Meta(max_length=1000)] = ""


class AsideSheet(Struct, frozen=True):
    """Rows as a CSV file: their columns, and why they were put aside.

    csv   in the first answer only; the same call again says ""
    next  where the rest begins; null at the end
    """

    rows: int
    csv: str
    next: str | None


async def sums(call: Call) -> Page[AsideSum]:
    """GET /v1/quarantine/sums"""
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for mapping, code, count in await db.sums(call.conn):
        found[mapping][code] = count
    return Page([AsideSum(name, sum(said.values()), said) for name, said in found.items()], None)


async def list_aside(call: Call) -> Page[AsideView] | Refusal:
    """GET /v1/quarantine: by mapping and number, with the reason; not what stands in the rows."""
    limit = asked_limit(call.query)
    last = after(call.query["cursor"], 2) if "cursor" in call.query else ("", "")
    if isinstance(limit, Refusal):
        return limit
    if isinstance(last, Refusal):
        return last
    if "cursor" in call.query and not last[0]:
        return unknown_cursor()
    asked = (call.query.get("mapping", ""), call.query.get("code", ""))
    if "\x00" in "".join((*asked, *last)):
        return Refusal("query_invalid", "mapping", "it holds a NUL", "leave that out")
    rows = await db.list_aside(call.conn, asked, (last[0], last[1]), limit + 1)
    more = cursor(rows[limit - 1].mapping, rows[limit - 1].number) if len(rows) > limit else None
    return Page([_view(each) for each in rows[:limit]], more)


async def open_aside(call: Call) -> Once | Refusal:
    """POST /v1/quarantine/open: what stands in its rows; who looked is written down."""
    body: OpenAside = call.body
    told = await _stories(call, body.mapping, [body.number])
    if isinstance(told, Refusal):
        return told
    (one,) = told
    aside = one.aside
    call.changed("quarantine", f"{aside.mapping} row {aside.row}"[:200], None, None)
    head = (aside.mapping, aside.number, aside.row, aside.code, aside.field, aside.why)
    await _note_seen(call, told)
    live = OpenedAside(*head, one.faults, one.columns, one.rows, one.places, one.gone)
    return Once(live=live, kept=OpenedAside(*head, [], one.columns, [], [], one.gone))


async def mend(call: Call) -> TaskView | Refusal | Awaiting:
    """POST /v1/quarantine/mend: just these rows become a file, which is loaded in its turn.

    What is taken leaves the quarantine; what is still wrong is told anew.
    """
    body: MendAside = call.body
    assert call.house is not None
    place = call.house.uploads
    told = await _stories(call, body.mapping, [item.number for item in body.items])
    if isinstance(told, Refusal):
        return told
    if place is None:
        return Refusal("busy", "", "this process keeps no files", "call one that serves")
    found = await told_mapping(call.conn, told[0], body.layout)
    if isinstance(found, Refusal):
        return found
    kind, text = found
    waits = not_alone(call, kind)
    if waits is not None:
        return waits
    task_id = new_id()
    raw = file_of(told, {item.number: item for item in body.items}, str(task_id))
    if isinstance(raw, Refusal):
        return raw
    name = kept_as(kind, text)
    if isinstance(name, Refusal):
        return name
    await asyncio.to_thread(place.write, task_id, 0, raw)
    asked = {"mapping": text, "name": name, "mends": [each.aside.number for each in told]}
    task = Task(task_id, kind, "", "queued", "run", len(raw), 0, asked, by(call), call.now)
    await tasks_db.add(call.conn, task)
    call.changed("task", task_id, None, {"kind": kind, "mapping": name, "mends": len(told)})
    return view(task, call.now)


async def drop(call: Call) -> DroppedAside | Refusal:
    """POST /v1/quarantine/drop"""
    body: DropAside = call.body
    gone = await db.drop(call.conn, body.mapping, body.numbers)
    if not gone:
        return _unknown()
    call.changed(
        "quarantine", body.mapping, {"rows": len(gone)}, {"rows": 0}, reason=body.reason
    )  # fmt: skip
    return DroppedAside(len(gone))


async def export(call: Call) -> Once | Refusal:
    """POST /v1/quarantine/export: up to 2,000 at a time; who took them is written down."""
    body: ExportAside = call.body
    last = after(body.cursor, 2) if body.cursor else ("", "")
    if isinstance(last, Refusal):
        return last
    rows = await db.list_aside(call.conn, (body.mapping, ""), (last[0], last[1]), EXPORTED + 1)
    if not rows:
        return _unknown()
    numbers = [each.number for each in rows[:EXPORTED]]
    told = await _stories(call, body.mapping, numbers)
    if isinstance(told, Refusal):
        return told
    columns = list(dict.fromkeys(name for each in told for name in each.columns))
    lines = [
        (*(cells.get(name, "") for name in columns), at, one.aside.code, one.aside.field,
         one.aside.why)
        for one in told
        for at, cells in zip(one.places or [one.aside.row], one.rows or [{}], strict=True)
    ]  # fmt: skip
    text = sheet([*columns, "row", "code", "field", "why"], lines)
    more = cursor(body.mapping, numbers[-1]) if len(rows) > EXPORTED else None
    await _note_seen(call, told)
    call.changed("quarantine", body.mapping, None, {"exported": len(numbers)})
    return Once(live=AsideSheet(len(numbers), text, more), kept=AsideSheet(len(numbers), "", more))


async def _stories(
    call: Call, mapping: str, numbers: list[str]
) -> list[Story] | Refusal:  # fmt: skip
    """Each with what stands in its rows, in the order asked. Errors: aside_unknown."""
    assert call.house is not None
    found = {each.number: each for each in await db.read_aside(call.conn, mapping, numbers)}
    if not all(number in found for number in numbers):
        return _unknown()
    tasks = await tasks_db.of_subjects(call.conn, {each.load_id for each in found.values()})
    wanted = [found[number] for number in dict.fromkeys(numbers)]
    return stories(wanted, tasks, call.house.uploads)


async def _note_seen(call: Call, told: list[Story]) -> None:
    """Whoever stands in these rows can read who looked."""
    read = await read_by(call.conn, told)
    named = (whom for each in told for whom in whom_of(each, read.get(each.task)))
    await note_seen(call, named, f"rows in quarantine, of {told[0].aside.mapping}")


def _view(aside: Aside) -> AsideView:
    return AsideView(
        aside.mapping, aside.number, aside.row, aside.code, aside.field, aside.why
    )  # fmt: skip


def _unknown() -> Refusal:
    return Refusal(
        "aside_unknown", "number", "there is no such thing in quarantine",
        "look at the list again: it may have been taken meanwhile",
    )  # fmt: skip


_ONE = {"mapping": "old-tills", "number": "77"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "quarantine.sums", "GET", "/v1/quarantine/sums", sums, Page[AsideSum],
        "How much each mapping has in quarantine",
    ),
    Operation(
        "quarantine.list", "GET", "/v1/quarantine", list_aside, Page[AsideView],
        "List what could not be taken",
        query=QUERY | {"mapping": "only of this mapping", "code": "only for this reason"},
    ),
    Operation(
        "quarantine.open", "POST", "/v1/quarantine/open", open_aside, OpenedAside,
        "See what stands in rows that could not be taken", kind="writes", body=OpenAside,
        example=_ONE,
    ),
    Operation(
        "quarantine.mend", "POST", "/v1/quarantine/mend", mend, TaskView,
        "Mend rows and try them again", kind="writes", body=MendAside, status=201, four_eyes=True,
        example={"mapping": "old-tills",
                 "items": [{"number": "77", "rows": [{"price": "2.50"}]}]},
    ),
    Operation(
        "quarantine.drop", "POST", "/v1/quarantine/drop", drop, DroppedAside,
        "Take rows out that are not wanted", kind="writes", body=DropAside,
        example={"mapping": "old-tills", "numbers": ["77"], "reason": "a training receipt"},
    ),
    Operation(
        "quarantine.export", "POST", "/v1/quarantine/export", export, AsideSheet,
        "Take along what could not be taken", kind="writes", body=ExportAside,
        example={"mapping": "old-tills"},
    ),
)  # fmt: skip
