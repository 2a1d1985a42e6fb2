"""Files over HTTP: sent in pieces, checked, then loaded by the worker."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.doors.call import Call, Operation
from tessera.doors.cli.load import mapping as receipts
from tessera.doors.cli.load import shelf as receipts_shelf
from tessera.doors.cli.moving import mapping as moving
from tessera.doors.cli.moving import shelf as moving_shelf
from tessera.doors.pages import Page
from tessera.doors.till.tasks import TaskView, by, found, view
from tessera.doors.uploads import Preview, Uploads, Wrong
from tessera.tasks import core, db, flows
from tessera.tasks.core import Task

MOST = 256 * 1024 * 1024  # bytes of a file
PIECE = 640 * 1024  # of it at a time: with base64 around it below a body's 1 MB
FileKind = Literal["receipts", "members", "balances", "consents"]
WAYS: tuple[FileKind, ...] = ("members", "balances", "consents")  # levels: the command line's
Text = Annotated[str, Meta(min_length=1, max_length=20_000, pattern=r"^[^\x00]*\Z")]


class BeginImport(Struct, frozen=True, forbid_unknown_fields=True):
    """A file that will come in pieces.

    name     as its owner calls it; it is only shown
    bytes    how many it has
    mapping  what its columns mean: TOML, see the guides to loading and to moving in
    """

    kind: FileKind
    bytes: Annotated[int, Meta(ge=1, le=MOST)]
    mapping: Text
    name: Name = ""


class FilePiece(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file: where it begins, and its bytes in base64. The last begins the check."""

    offset: Annotated[int, Meta(ge=0, le=MOST)]
    data: Annotated[bytes, Meta(min_length=1, max_length=PIECE)]


class PreviewView(Struct, frozen=True):
    """The first rows as they are understood, and the first that cannot be taken.

    heads  names of the columns of `rows`
    wrong  row: line of a CSV file, whose header is 1, or row of a Parquet file
    """

    heads: list[str]
    rows: list[list[str]]
    wrong: list[Wrong]


class ImportLayout(Struct, frozen=True):
    """A mapping that was used here before, or comes with Tessera."""

    kind: FileKind
    name: str
    mapping: str
    shipped: bool


async def begin(call: Call) -> TaskView | Refusal:
    """POST /v1/imports"""
    body: BeginImport = call.body
    name = kept_as(body.kind, body.mapping)
    if isinstance(name, Refusal):
        return name
    place = _uploads(call)
    if isinstance(place, Refusal):
        return place
    label = body.name.replace("\\", "/").rpartition("/")[2][:120].strip()
    asked = {"mapping": body.mapping, "name": name}
    task = Task(
        new_id(), body.kind, label, "receiving", "check", body.bytes, 0, asked, by(call), call.now
    )
    await db.add(call.conn, task)
    call.changed("task", task.id, None, {"kind": task.kind, "bytes": body.bytes, "mapping": name})
    return view(task, call.now)


async def send(call: Call) -> TaskView | Refusal:
    """POST /v1/imports/{task_id}/pieces: the same piece may come twice, none may be left out."""
    body: FilePiece = call.body
    known, place = await found(call), _uploads(call)
    if isinstance(known, Refusal):
        return known
    if isinstance(place, Refusal):
        return place
    task = await flows.receive(call.conn, known.id, body.offset, len(body.data), True)
    if isinstance(task, Refusal):
        return task
    try:
        await asyncio.to_thread(place.write, task.id, body.offset, body.data)
    except OSError as error:
        return Refusal("busy", "", f"the file cannot be kept: {error.strerror}",
                       "try again when there is room on the disk of the server")  # fmt: skip
    call.changed("task", task.id, {"received": known.received}, {"received": task.received})
    return view(task, call.now)


async def preview(call: Call) -> PreviewView | Refusal:
    """GET /v1/imports/{task_id}/preview: for a day after its check."""
    task, place = await found(call), _uploads(call)
    if isinstance(task, Refusal):
        return task
    told = Preview() if isinstance(place, Refusal) else place.preview(task.id)
    return PreviewView(told.heads, told.rows, told.wrong)


async def layouts(call: Call) -> Page[ImportLayout]:
    """GET /v1/imports/layouts: newest first what was used here, then what comes with Tessera."""
    used = [
        ImportLayout(kind, name, text, False)  # type: ignore[arg-type]
        for kind, name, text in await db.mappings(call.conn, sorted(core.FILES))
    ]
    own = [ImportLayout("receipts", name, receipts_shelf.text_of(name), True)
           for name in receipts_shelf.shipped()]  # fmt: skip
    own += [ImportLayout(kind, name, moving_shelf.text_of(name), True)
            for kind in WAYS for name in moving_shelf.shipped()]  # fmt: skip
    return Page([*used, *own], None)


def kept_as(kind: FileKind, text: str) -> str | Refusal:
    """Under what the quarantine of such a file is listed. Errors: mapping_wrong."""
    if kind == "receipts":
        said = receipts.parse(text)
        return said if isinstance(said, Refusal) else said.name
    found = moving.parse(text)
    if isinstance(found, Refusal):
        return found
    if found.part(kind) is None:
        return Refusal(
            "mapping_wrong", kind, f"the mapping says nothing about {kind}",
            f"write a section [{kind}], or choose another kind of file",
        )  # fmt: skip
    return f"{found.name}/{kind}"


def _uploads(call: Call) -> Uploads | Refusal:
    assert call.house is not None
    if call.house.uploads is None:
        return Refusal("busy", "", "this process keeps no files", "call one that serves")
    return call.house.uploads


_EXAMPLE = "branch,day,no,card,article,price\n1,2026-11-20T10:00:00,77,,TEA,2.50\n"
EXAMPLE_MAPPING = """name = "old-tills"
[store]
id = "branch"
time_zone = "Europe/Rome"
[receipt]
number = "no"
time = "day"
till = { constant = "1" }
currency = { constant = "EUR" }
member = { column = "card", kind = "card" }
[line]
sku = "article"
price = "price"
"""

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "import.begin", "POST", "/v1/imports", begin, TaskView, "Announce a file to be imported",
        kind="writes", body=BeginImport, status=201,
        example={"kind": "receipts", "bytes": len(_EXAMPLE), "mapping": EXAMPLE_MAPPING,
                 "name": "november.csv"},
    ),
    Operation(
        "import.send", "POST", "/v1/imports/{task_id}/pieces", send, TaskView,
        "Send a piece of the file", kind="writes", body=FilePiece,
        example=msgspec.to_builtins(FilePiece(0, _EXAMPLE.encode())),
    ),
    Operation(
        "import.preview", "GET", "/v1/imports/{task_id}/preview", preview, PreviewView,
        "The first rows of a file, as they are understood",
    ),
    Operation(
        "import.layouts", "GET", "/v1/imports/layouts", layouts, Page[ImportLayout],
        "Mappings that were used, and those that come along",
    ),
)  # fmt: skip
