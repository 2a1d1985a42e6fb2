"""Privacy over HTTP: what is held about a person, who saw it, and its end.

What these answer is told once: the stored answer of a call that showed personal data holds none.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Once, Operation
from tessera.doors.customers import customers
from tessera.doors.export_page import readable
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.traces import erasing
from tessera.identity.privacy import db, flows
from tessera.identity.privacy.core import Asking, By, Erased, Erasure, Sight
from tessera.members import core as members
from tessera.members import db as members_db

Reason = Annotated[str, Meta(min_length=3, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
Field = Literal["name", "born_on", "identifiers", "attributes"]
FIELDS: tuple[Field, ...] = ("name", "born_on", "identifiers", "attributes")


class Why(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is done; it is kept, and the member can read it."""

    reason: Reason


class Reveal(Struct, frozen=True, forbid_unknown_fields=True):
    """Which fields are to be seen in full, and why; the member can read who saw them."""

    fields: Annotated[tuple[Field, ...], Meta(min_length=1, max_length=len(FIELDS))]
    reason: Reason


class MyExport(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything held about you: `data` for a machine, `page` as well for a person."""

    form: Literal["data", "page"] = "data"


class ExportForm(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything held about a member, and why it is asked for."""

    reason: Reason
    form: Literal["data", "page"] = "data"


class Named(Struct, frozen=True):
    """An identifier in full."""

    kind: str
    value: str


class Revealed(Struct, frozen=True, omit_defaults=True):
    """The fields asked for, in full. A repeated call tells them no more: ask anew."""

    member_id: UUID
    fields: tuple[Field, ...]
    given_name: str | None = None
    family_name: str | None = None
    born_on: date | None = None
    identifiers: list[Named] | None = None
    attributes: dict[str, members.Value] | None = None
    told_before: bool = False


class Exported(Struct, frozen=True, omit_defaults=True):
    """Everything held, by heading. A repeated call tells it no more: ask anew.

    page  the same as a page of HTML, for a person
    """

    member_id: UUID
    made_at: datetime
    held: dict[str, Any] | None = None
    page: str = ""
    told_before: bool = False


async def reveal(call: Call) -> Once | Refusal:
    """POST /v1/members/{member_id}/reveal"""
    body: Reveal = call.body
    member_id = uuid_of(call.path["member_id"])
    member = None if member_id is None else await members_db.read_member(call.conn, member_id)
    if member is None:
        return flows.unknown(call.path["member_id"][:40])
    asked = tuple(dict.fromkeys(body.fields))
    await db.add_sights(call.conn, call.principal, [member.id], asked, body.reason, call.now)
    call.changed("sight", member.id, None, {"fields": list(asked)}, reason=body.reason)
    told: dict[str, Any] = {}
    if "name" in asked:
        told |= {"given_name": member.given_name, "family_name": member.family_name}
    if "born_on" in asked:
        told["born_on"] = member.born_on
    if "identifiers" in asked:
        told["identifiers"] = [
            Named(each.identifier.kind, each.identifier.value) for each in member.identifiers
        ]
    if "attributes" in asked:
        told["attributes"] = member.attributes
    return Once(Revealed(member.id, asked, **told), Revealed(member.id, asked, told_before=True))


async def sights(call: Call) -> Page[Sight] | Refusal:
    """GET /v1/members/{member_id}/sights"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    member_id = uuid_of(call.path["member_id"])
    if member_id is None:
        return flows.unknown(call.path["member_id"][:40])
    last, limit = asked
    rows = await flows.sights(call.conn, member_id, last, limit + 1)
    if isinstance(rows, Refusal):
        return rows
    return page(rows, limit, lambda sight: str(sight.id), lambda sight: sight)


async def export(call: Call) -> Once | Refusal:
    """POST /v1/members/{member_id}/export"""
    body: ExportForm = call.body
    member_id = uuid_of(call.path["member_id"])
    if member_id is None:
        return flows.unknown(call.path["member_id"][:40])
    told = await _export(call, member_id, body.form)
    if isinstance(told, Once):
        whole = ("export",)
        await db.add_sights(call.conn, call.principal, [member_id], whole, body.reason, call.now)
        call.changed("export", member_id, None, {"form": body.form}, reason=body.reason)
    return told


async def my_export(call: Call) -> Once | Refusal:
    """POST /v1/me/export"""
    if not call.principal.fresh(call.now):
        return stale("all of it is taken or erased by who has proved within ten minutes")
    call.changed("export", call.principal.id, None, {"form": call.body.form})
    return await _export(call, call.principal.id, call.body.form)


async def erase(call: Call) -> Erased | Refusal | Any:
    """POST /v1/members/{member_id}/erase"""
    body: Why = call.body
    member_id = uuid_of(call.path["member_id"])
    if member_id is None:
        return flows.unknown(call.path["member_id"][:40])
    waits = second_person(call, "erasure", "somebody is to be erased")
    if waits is not None:
        return waits
    return await _erase(call, member_id, "staff", body.reason)


async def erase_me(call: Call) -> Erased | Refusal:
    """POST /v1/me/erase"""
    if not call.principal.fresh(call.now):
        return stale("all of it is taken or erased by who has proved within ten minutes")
    return await _erase(call, call.principal.id, "member", "asked by the member")


def stale(why: str) -> Refusal:
    """Or who finds a phone unlocked takes all that is held, or ends it for ever."""
    return Refusal(
        "sign_in_stale", "", why,
        "sign in, or prove again that it is you with POST /v1/me/proof",
    )  # fmt: skip


async def erasures(call: Call) -> Page[Erasure] | Refusal:
    """GET /v1/erasures"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.erasures(call.conn, last, limit + 1)
    return page(rows, limit, lambda erasure: str(erasure.id), lambda erasure: erasure)


async def _export(call: Call, member_id: UUID, form: str) -> Once | Refusal:
    assert call.house is not None
    made = await flows.export(call.conn, member_id, call.house.currency, call.now)
    if isinstance(made, Refusal):
        return made
    text = readable(made) if form == "page" else ""
    return Once(
        Exported(made.member_id, made.made_at, made.held, text),
        Exported(made.member_id, made.made_at, told_before=True),
    )


async def _erase(call: Call, member_id: UUID, by: By, reason: str) -> Erased | Refusal:
    assert call.house is not None
    said = call.house.shop().program
    asking = Asking(
        by, reason, said.households, said.lives, call.principal.id, call.outcome_id,
        ladders=said.tiers, customers=await customers(call.conn),
    )  # fmt: skip
    erase = partial(flows.erase, call.conn, member_id, asking, call.now)
    done = await erasing(call.conn, call.house.uploads, member_id, call.now, erase)
    if isinstance(done, Refusal):
        return done
    if not done.again:
        call.changed("member", member_id, None, {"erased": True}, reason=reason)
    return done


_REASON: dict[str, Any] = {"reason": "the member asks what we know, ticket 4711"}

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "member.reveal", "POST", "/v1/members/{member_id}/reveal", reveal, Revealed,
        "Show what is masked, for a reason", kind="writes", body=Reveal,
        example={"fields": ["identifiers"], "reason": "calling back, ticket 4711"},
    ),
    Operation(
        "member.sights", "GET", "/v1/members/{member_id}/sights", sights, Page[Sight],
        "Who saw personal data of a member, the newest first", query=QUERY,
    ),
    Operation(
        "member.export", "POST", "/v1/members/{member_id}/export", export, Exported,
        "Everything held about a member", kind="writes", body=ExportForm,
        example=_REASON,
    ),
    Operation(
        "member.erase", "POST", "/v1/members/{member_id}/erase", erase, Erased,
        "Erase a person; points and receipts stay under a number", kind="writes", body=Why,
        four_eyes=True, example={"reason": "the member asked for it, ticket 4711"},
    ),
    Operation(
        "erasure.list", "GET", "/v1/erasures", erasures, Page[Erasure],
        "Who was erased: numbers, for systems that keep copies", query=QUERY,
    ),
    Operation(
        "me.export", "POST", "/v1/me/export", my_export, Exported,
        "Everything held about me", kind="writes", body=MyExport, example={},
    ),
    Operation(
        "me.erase", "POST", "/v1/me/erase", erase_me, Erased, "Erase me", kind="writes",
    ),
)  # fmt: skip
