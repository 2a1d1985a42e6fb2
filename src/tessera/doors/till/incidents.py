"""The register of incidents over HTTP, for administration."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Remark
from tessera.doors.call import Call, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.incidents import core, db, flows

Kind = Annotated[
    str, Meta(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*\Z", examples=["till_offline"])
]


class OpenIncident(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that went wrong, told by a person. Say stores and tills, never customers."""

    kind: Kind
    detail: Remark


class IncidentNote(Struct, frozen=True, forbid_unknown_fields=True):
    """What was seen or done; when closing, what was done about it."""

    text: Remark


class IncidentView(Struct, frozen=True):
    """An incident and its notes.

    times     how often it began: within a minute of its end it is the same one
    lasted_s  whole seconds from first begin to last end; null while it is open
    opened_by, closed_by  `house`, or the name of a key
    """

    incident_id: UUID
    kind: str
    detail: str
    began_at: datetime
    ended_at: datetime | None
    lasted_s: int | None
    times: int
    opened_by: str
    closed_by: str | None
    notes: tuple[core.Note, ...]


async def list_incidents(call: Call) -> Page[IncidentView] | Refusal:
    """GET /v1/incidents"""
    asked = asked_page({name: word for name, word in call.query.items() if name != "open"})
    wanted = call.query.get("open", "no")
    if wanted not in ("yes", "no"):
        return Refusal("query_invalid", "open", f"open is yes or no, not {wanted[:20]}",
                       "send open=yes, or leave it out")  # fmt: skip
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.page(call.conn, last, wanted == "yes", limit + 1)
    return page(rows, limit, lambda row: str(row.id), view)


async def read_incident(call: Call) -> IncidentView | Refusal:
    """GET /v1/incidents/{incident_id}"""
    named = uuid_of(call.path["incident_id"]) or UUID(int=0)
    found = await db.find(call.conn, named)
    return core.unknown() if found is None else view(found)


async def open_incident(call: Call) -> IncidentView | Refusal:
    """POST /v1/incidents"""
    body: OpenIncident = call.body
    return _told(
        await flows.open_incident(call.conn, body.kind, body.detail, call.principal.name, call.now)
    )


async def note_incident(call: Call) -> IncidentView | Refusal:
    """POST /v1/incidents/{incident_id}/note"""
    named = uuid_of(call.path["incident_id"]) or UUID(int=0)
    return _told(
        await flows.note_incident(
            call.conn, named, call.body.text, call.principal.name, call.now
        )
    )  # fmt: skip


async def close_incident(call: Call) -> IncidentView | Refusal:
    """POST /v1/incidents/{incident_id}/close"""
    named = uuid_of(call.path["incident_id"]) or UUID(int=0)
    return _told(
        await flows.close_incident(
            call.conn, named, call.body.text, call.principal.name, call.now
        )
    )  # fmt: skip


def _told(answer: core.Incident | Refusal) -> IncidentView | Refusal:
    return answer if isinstance(answer, Refusal) else view(answer)


def view(row: core.Incident) -> IncidentView:
    """An incident as it is told."""
    lasted = None if row.ended_at is None else int((row.ended_at - row.began_at).total_seconds())
    return IncidentView(
        row.id, row.kind, row.detail, row.began_at, row.ended_at, lasted, row.times,
        row.opened_by, row.closed_by, row.notes,
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "incident.list", "GET", "/v1/incidents", list_incidents, Page[IncidentView],
        "What went wrong, the newest first",
        query={**QUERY, "open": "`yes`: only what is not over; `no` unless said otherwise"},
    ),
    Operation(
        "incident.read", "GET", "/v1/incidents/{incident_id}", read_incident, IncidentView,
        "Read an incident and its notes",
    ),
    Operation(
        "incident.open", "POST", "/v1/incidents", open_incident, IncidentView,
        "Open an incident", kind="writes", body=OpenIncident, status=201,
        example={"kind": "till_offline", "detail": "Store S1: till 3 has no network since ten"},
    ),
    Operation(
        "incident.note", "POST", "/v1/incidents/{incident_id}/note", note_incident, IncidentView,
        "Note what was seen or done", kind="writes", body=IncidentNote, status=201,
        example={"text": "The provider was called, a technician comes at two"},
    ),
    Operation(
        "incident.close", "POST", "/v1/incidents/{incident_id}/close", close_incident, IncidentView,
        "Close an incident and say what was done", kind="writes", body=IncidentNote,
        example={"text": "The switch was replaced; receipts of the outage came in at three"},
    ),
)  # fmt: skip
