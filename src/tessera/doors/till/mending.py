"""What stands in rows that could not be taken, and a file of them as somebody mended them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.doors.cli.load import shelf as receipts_shelf
from tessera.doors.cli.load.cells import text
from tessera.doors.cli.moving import shelf as moving_shelf
from tessera.doors.till.imports import WAYS, FileKind, kept_as
from tessera.doors.uploads import Rows, Uploads
from tessera.tasks import core
from tessera.tasks import db as tasks_db
from tessera.warehouse.core import Identifier
from tessera.warehouse.loads.db import Aside

LONGEST = 2_000  # characters of a cell that are shown, and that somebody may type
MARK = "tessera_task"  # a column of ours: the same rows tried again are another file
Cell = Annotated[str, Meta(max_length=LONGEST, pattern=r"^[^\x00]*\Z")]
Column = Annotated[str, Meta(max_length=200)]


class Mend(Struct, frozen=True, forbid_unknown_fields=True):
    """One of them. `rows`: of each of its rows, in their order, {column: what is to stand there}.

    What is not named stays as it is; without `rows` all of it does.
    """

    number: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00]*\Z")]
    rows: Annotated[list[dict[Column, Cell]], Meta(max_length=2_000)] = []


class Story(Struct, frozen=True):
    """One of them with what stands in its rows.

    task    through which its file came in; None: it came by the command line
    places  of its rows in the file
    named   whom its mapping found in them; None: it was not kept
    gone    what stood there is no longer kept
    """

    aside: Aside
    task: UUID | None
    faults: list[dict[str, str]]
    columns: list[str]
    rows: list[dict[str, str]]
    places: list[int]
    gone: bool
    named: tuple[Identifier, ...] | None


def stories(
    found: Sequence[Aside], tasks: Mapping[UUID, UUID], uploads: Uploads | None
) -> list[Story]:
    """What is known of each. A file that has rows of several is read once.

    tasks  {load: the task that has loaded it}
    """
    beside = None if uploads is None else cache(uploads.aside)
    return [_story(each, tasks.get(each.load_id), beside) for each in found]


def _story(aside: Aside, task: UUID | None, beside: Callable[[UUID], Rows] | None) -> Story:
    """What is known of one: a receipt's rows are kept with it, a person's beside, for a day.

    beside  what is kept of a task; None: nothing is, here
    """
    record = msgspec.json.decode(aside.record)
    faults = [
        {name: str(fault.get(name, "")) for name in ("row", "code", "field", "why")}
        for fault in record.get("faults", ())
    ] or [{"row": str(aside.row), "code": aside.code, "field": aside.field, "why": aside.why}]
    said: list[tuple[int, Mapping[str, Any]]] = []
    if isinstance(record.get("rows"), list):
        said = _rows(record, aside.row)
    elif task is not None and beside is not None:
        kept = beside(task).get(aside.row)
        said = [] if kept is None else [(aside.row, kept)]
    # JSON as the database keeps it forgets the order of a row's cells; the columns remember it.
    order = record.get("columns", ()) if said else ()
    names = dict.fromkeys([*order, *(name for _, cells in said for name in cells)])
    columns = [name for name in names if name != MARK]
    rows = [{name: text(cells.get(name)) for name in columns} for _, cells in said]
    places = [at for at, _ in said]
    named = _named(record.get("named"))
    return Story(aside, task, faults, columns, rows, places, not said, named)


def _rows(record: Mapping[str, Any], first: int) -> list[tuple[int, Mapping[str, Any]]]:
    """(place, cells) of each. `row` is the place, unless the file has a column of this name.

    first   the place of the first, where nothing else tells it
    """
    rows, own = record["rows"], "row" in record.get("columns", ())
    places = record.get("places") or [first if own else row["row"] for row in rows]
    cells = [{k: v for k, v in row.items() if own or k != "row"} for row in rows]
    return list(zip(places, cells, strict=True))


def _named(said: Any) -> tuple[Identifier, ...] | None:
    """As it was kept, not checked: a cell that nobody can be called by is why a row lies there."""
    if not isinstance(said, list):
        return None
    return tuple(
        Identifier(each["kind"], each["value"]) for each in said if isinstance(each, dict)
    )  # fmt: skip


async def told_mapping(
    conn: tasks_db.Conn, one: Story, layout: str | None
) -> tuple[FileKind, str] | Refusal:
    """(kind, text) of the mapping by which these rows were read.

    errors  mapping_unknown: the file came by the command line; mapping_wrong
    """
    name = one.aside.mapping
    if layout is not None:
        return _sent(name, layout)
    task = None if one.task is None else await tasks_db.read(conn, one.task)
    if task is not None and task.kind != "duplicates":
        return task.kind, task.asked["mapping"]
    for known, called, text_ in await tasks_db.mappings(conn, sorted(core.FILES)):
        if called == name and known != "duplicates":
            return known, text_
    return _shipped(name) or Refusal(
        "mapping_unknown", "layout", f"the mapping {name} was never used here",
        "send its text as `layout`",
    )  # fmt: skip


def _sent(name: str, layout: str) -> tuple[FileKind, str] | Refusal:
    """A mapping that came with the call. Errors: mapping_wrong."""
    way = name.rpartition("/")[2]
    kind: FileKind = next((each for each in WAYS if each == way), "receipts")
    said = kept_as(kind, layout)
    if isinstance(said, Refusal):
        return said
    if said == name:
        return kind, layout
    why = f"this mapping keeps its rows under {said}, these are {name}"
    return Refusal("mapping_wrong", "layout", why, "send the one of these rows")


def _shipped(name: str) -> tuple[FileKind, str] | None:
    """The same from the shelf."""
    if name in receipts_shelf.shipped():
        return "receipts", receipts_shelf.text_of(name)
    for way in WAYS:
        for each in moving_shelf.shipped():
            if kept_as(way, moving_shelf.text_of(each)) == name:
                return way, moving_shelf.text_of(each)
    return None


def file_of(told: Sequence[Story], mends: Mapping[str, Mend], mark: str) -> bytes | Refusal:
    """A CSV file of these rows as they were mended, in UTF-8 with commas.

    errors  rows_gone, rows_other, column_unknown, cell_cut
    """
    columns = list(dict.fromkeys(name for each in told for name in each.columns))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*columns, MARK])
    for one in told:
        said = mends[one.aside.number].rows
        refusal = _unfit(one, said)
        if refusal is not None:
            return refusal
        for place, cells in enumerate(one.rows):
            cells = cells | (said[place] if said else {})
            writer.writerow([*(cells.get(name, "") for name in columns), mark])
    return out.getvalue().encode("utf-8", "replace")


def _unfit(one: Story, said: Sequence[Mapping[str, str]]) -> Refusal | None:
    """Why these rows cannot be mended so."""
    if one.gone:
        return Refusal(
            "rows_gone", "number", "what stood in these rows is no longer kept",
            "mend them in a file of their own and send that",
        )  # fmt: skip
    if said and len(said) != len(one.rows):
        why = f"{one.aside.number[:40]} has {len(one.rows)} rows, {len(said)} were sent"
        return Refusal("rows_other", "rows", why, "send each of its rows, in their order")
    for cells in said:
        for name in cells:
            if name not in one.columns:
                return Refusal("column_unknown", "rows", f"there is no column {name[:40]}",
                               f"its columns are {', '.join(one.columns)[:300]}")  # fmt: skip
    return None
