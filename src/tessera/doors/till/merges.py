"""Merges over HTTP: two members are one person, why, and how they are parted again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import uuid_of
from tessera.identity.merging import db, flows
from tessera.identity.merging.flows import Ask, Merged
from tessera.ledger.core.joining import Went
from tessera.ledger.joining import db as joining_db
from tessera.members.merging.core import Field, Keep, Side

Reason = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]


class MergeMember(Struct, frozen=True, forbid_unknown_fields=True):
    """Another member is the same person as the one in the address, who stays.

    keep    whose name, birthday and so on stay: of who registered last (`newer`), or one of the
            two; what that one does not say is taken from the other
    fields  whose, for single ones
    """

    other: UUID
    reason: Reason
    keep: Keep = "newer"
    fields: dict[Field, Side] = {}


class UndoMerge(Struct, frozen=True, forbid_unknown_fields=True):
    """Why they are two after all."""

    reason: Reason


class PointsWent(Struct, frozen=True):
    """What went over in a currency ("" is the program's own), or back; what was owed beside it."""

    currency: str
    points: int
    owed: int


class MergeTold(Struct, frozen=True):
    """A merge: who is one with whom since when and why, and what went over. It names no person.

    keeps   whose fields stayed
    back    what went back when it was undone
    """

    merge_id: UUID
    member_id: UUID
    other_id: UUID
    keeps: str
    reason: str
    principal_id: UUID
    merged_at: datetime
    points: list[PointsWent]
    undone_at: datetime | None
    undo_reason: str
    back: list[PointsWent]


class Merges(Struct, frozen=True):
    """A member's merges, on either side, the newest first; at most 100."""

    items: list[MergeTold]


async def merge(call: Call) -> MergeTold | Refusal | Awaiting:
    """POST /v1/members/{member_id}/merge"""
    body: MergeMember = call.body
    member_id = uuid_of(call.path["member_id"])
    if member_id is None:
        return _unknown("member", call.path["member_id"])
    for word in (member_id, body.other):
        if not await flows.is_known(call.conn, word):
            return _unknown("member", str(word))
    waits = second_person(call, "merge", "two members would become one")
    if waits is not None:
        return waits
    done = await flows.merge(
        call.conn, _ask(call, body.reason), member_id, body.other, body.keep, body.fields
    )
    return await told(call, done)


async def undo(call: Call) -> MergeTold | Refusal:
    """POST /v1/merges/{merge_id}/undo"""
    body: UndoMerge = call.body
    merge_id = uuid_of(call.path["merge_id"])
    if merge_id is None:
        return _unknown("merge", call.path["merge_id"])
    return await told(call, await flows.undo(call.conn, _ask(call, body.reason), merge_id))


async def read(call: Call) -> MergeTold | Refusal:
    """GET /v1/merges/{merge_id}"""
    merge_id = uuid_of(call.path["merge_id"])
    found = None if merge_id is None else await db.read(call.conn, merge_id)
    return _unknown("merge", call.path["merge_id"]) if found is None else await _tell(call, found)


async def of_member(call: Call) -> Merges | Refusal:
    """GET /v1/members/{member_id}/merges"""
    member_id = uuid_of(call.path["member_id"])
    if member_id is None or not await flows.is_known(call.conn, member_id):
        return _unknown("member", call.path["member_id"])
    found = await db.of_member(call.conn, member_id)
    return Merges([await _tell(call, each) for each in found])


def _ask(call: Call, reason: str) -> Ask:
    assert call.outcome_id is not None and call.house is not None, "a writing call"
    program, today = call.house.shop().program, call.house.today(call.now)
    return Ask(
        call.outcome_id, call.principal.id, call.now, reason, program.lives, program.tiers, today,
        program.consents,
    )  # fmt: skip


async def told(call: Call, done: Merged | Refusal) -> MergeTold | Refusal:
    """The answer, and what the log is told: ids only."""
    if isinstance(done, Refusal):
        return done
    row, call.forget = done.merge, True  # sessions have ended
    leads, stays = {"merged_into": str(row.member_id)}, {"merged_into": None}
    undone = row.undone_at is not None
    call.changed(
        "merge", row.id, leads if undone else stays, stays if undone else leads,
        person=row.other_id, reason=row.undo_reason or row.reason,
    )  # fmt: skip
    return await _tell(call, row)


async def _tell(call: Call, row: db.Merge) -> MergeTold:
    back = {} if row.parting_id is None else await joining_db.went(call.conn, row.parting_id)
    return MergeTold(
        row.id, row.member_id, row.other_id, row.keeps, row.reason, row.principal_id,
        row.merged_at, _points(await joining_db.went(call.conn, row.joining_id)), row.undone_at,
        row.undo_reason, _points(back),
    )  # fmt: skip


def _points(went: dict[str, Went]) -> list[PointsWent]:
    return [PointsWent(currency, each.points, each.debt) for currency, each in went.items()]


def _unknown(what: str, id_: str) -> Refusal:
    return Refusal(f"{what}_unknown", f"{what}_id", f"there is no {what} {id_[:40]}",
                   f"look the {what} up")  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "member.merge", "POST", "/v1/members/{member_id}/merge", merge, MergeTold,
        "Merge another member into this one", kind="writes", body=MergeMember, status=201,
        four_eyes=True,
        example={"other": "0199aa00-0000-7000-8000-000000000001", "reason": "same phone, same name",
                 "keep": "newer", "fields": {"family_name": "other"}},
    ),
    Operation(
        "member.merges", "GET", "/v1/members/{member_id}/merges", of_member, Merges,
        "A member's merges",
    ),
    Operation(
        "merge.read", "GET", "/v1/merges/{merge_id}", read, MergeTold, "Explain a merge",
    ),
    Operation(
        "merge.undo", "POST", "/v1/merges/{merge_id}/undo", undo, MergeTold, "Undo a merge",
        kind="writes", body=UndoMerge,
        example={"reason": "mother and daughter of one name"},
    ),
)  # fmt: skip
