"""An entry of the audit log as people see it: in a list, in a file, in a table."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.access.audit import db, flows
from tessera.access.audit.core import Line, Outcome
from tessera.base.pages import cursor

_HARMFUL = ("=", "+", "-", "@", "\t", "\r")  # with these a cell begins that a spreadsheet runs
_encode = msgspec.json.Encoder().encode


class By(Struct, frozen=True):
    """Who did it, as that one was called then."""

    kind: str
    principal_id: UUID | None
    name: str
    role: str
    address: str


class EntryView(Struct, frozen=True):
    """One thing that somebody did.

    entry          chain and number, by which the proof names it too
    outcome        done; or refused: somebody tried who may not
    subject_kind, subject_id  what was changed
    fields         names of what changed
    before, after  their values; null where they are a person's (`sealed`): `audit.reveal` tells
    approval_id    a second person has approved it
    """

    entry: str
    at: datetime
    by: By
    operation: str
    outcome: Outcome
    subject_kind: str
    subject_id: str
    fields: list[str]
    before: Any
    after: Any
    sealed: bool
    reason: str
    outcome_id: UUID | None
    approval_id: UUID | None


def table(rows: list[dict[str, Any]], *, head: bool = True) -> bytes:
    """Rows as CSV (RFC 4180), with a head; a cell that a spreadsheet would run begins with '."""
    out = io.StringIO()
    writer = csv.writer(out)
    if head:
        writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([harmless(_text(row[name])) for name in COLUMNS])
    return out.getvalue().encode()


def harmless(cell: str) -> str:
    """The same text, which no spreadsheet takes for a formula."""
    return f"'{cell}" if cell.startswith(_HARMFUL) else cell


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return _encode(value).decode().strip('"')


COLUMNS = (
    "entry", "at", "kind", "principal_id", "name", "role", "address", "operation", "outcome",
    "subject_kind", "subject_id", "fields", "before", "after", "sealed", "reason", "outcome_id",
    "approval_id", "cursor",
)  # fmt: skip


def row(view: EntryView, line: Line) -> dict[str, Any]:
    """An entry with its parts side by side, in the order of COLUMNS."""
    told = msgspec.structs.asdict(view) | msgspec.structs.asdict(view.by)
    told |= {"fields": ",".join(view.fields), "cursor": cursor(*place(line))}
    return {name: told[name] for name in COLUMNS}


async def view(conn: db.Conn, line: Line) -> EntryView:
    """An entry as it is told; a person's values stay sealed."""
    sealed = line.person is not None
    before, now_after = (None, None)
    if not sealed:
        before, now_after, _ = await flows.values(conn, line)
    by = By(line.principal_kind, line.principal_id, line.principal_name, line.role, line.address)
    return EntryView(
        line.name, line.at, by, line.operation, line.outcome, line.subject_kind, line.subject_id,
        [each for each in line.fields.split(",") if each], before, now_after, sealed, line.reason,
        line.outcome_id, line.approval_id,
    )  # fmt: skip


def place(line: Line) -> tuple[str, str, str]:
    """Where an entry stands in the list, for a cursor."""
    return line.at.isoformat(), str(line.chain), str(line.seq)
