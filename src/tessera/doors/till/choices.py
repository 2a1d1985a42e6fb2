"""Choices over HTTP: what the program offers, what a member has chosen, answering anew."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Code
from tessera.doors.call import Call, Operation
from tessera.doors.till.contacts import member_of
from tessera.doors.till.people import no_member
from tessera.members.choices import db, flows
from tessera.members.choices.core import Choice, Chosen, Period
from tessera.rules.core.words import Program

Reason = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]


class Choose(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer; it takes the place of the one before."""

    choice: Code
    options: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]


class ChooseFor(Struct, frozen=True, forbid_unknown_fields=True):
    """An answer for a member. `reason` lets it pass the limit on changes, and is kept."""

    choice: Code
    options: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=20)]
    reason: Reason = ""


class ChoiceView(Struct, frozen=True):
    """A choice of the program, and what this member has answered; none: nothing yet.

    changes  so many changes of an answer in each period, `per`
    """

    choice: str
    name: str
    options: dict[str, str]
    most: int
    changes: int
    per: Period
    chosen: list[str]


class ChosenView(Struct, frozen=True):
    """An answer that was given."""

    choice: str
    options: list[str]
    at: datetime
    reason: str


class ChoicesView(Struct, frozen=True):
    """What can be chosen, what is, and every answer, newest first."""

    member_id: UUID
    choices: list[ChoiceView]
    history: list[ChosenView]


class ChoiceMade(Struct, frozen=True):
    """What holds from now on."""

    member_id: UUID
    chosen: dict[str, list[str]]


async def read(call: Call) -> ChoicesView | Refusal:
    """GET /v1/members/{member_id}/choices, /v1/me/choices"""
    member_id = member_of(call)
    chosen = None if member_id is None else await db.chosen(call.conn, member_id)
    if member_id is None or chosen is None:
        return no_member(call)
    said = await db.history(call.conn, member_id, flows.MOST_SHOWN)
    offered = [
        _view(code, choice, chosen.get(code, [])) for code, choice in _program(call).choices.items()
    ]
    history = [ChosenView(each.choice, list(each.options), each.at, each.reason) for each in said]
    return ChoicesView(member_id, offered, history)


async def choose(call: Call) -> ChoiceMade | Refusal:
    """POST /v1/members/{member_id}/choices, /v1/me/choices"""
    body: Choose | ChooseFor = call.body
    member_id, program = member_of(call), _program(call)
    if member_id is None:
        return no_member(call)
    declared = program.choices.get(body.choice)
    if isinstance(body, Choose) and declared is not None and not declared.member:
        return Refusal(
            "choice_not_yours", "choice", f"{body.choice} is answered in the shop", "ask there"
        )
    reason = body.reason if isinstance(body, ChooseFor) else ""
    chosen = Chosen(body.choice, body.options, call.now, call.principal.id, reason)
    zone = program.enrolment.time_zone
    before = await db.chosen(call.conn, member_id) or {}
    now = await flows.choose(call.conn, member_id, chosen, program.choices, zone)
    if isinstance(now, Refusal):
        return now
    was = {body.choice: before[body.choice]} if body.choice in before else None
    after = {body.choice: now[body.choice]}
    call.changed("choice", member_id, was, after, reason=reason)
    return ChoiceMade(member_id, now)


def _program(call: Call) -> Program:
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


def _view(code: str, choice: Choice, chosen: list[str]) -> ChoiceView:
    return ChoiceView(
        code, choice.name, dict(choice.options), choice.most, choice.changes, choice.per, chosen
    )


_ANSWER = {"choice": "track", "options": ["miles"]}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "choice.read", "GET", "/v1/members/{member_id}/choices", read, ChoicesView,
        "What a member can choose, and has chosen",
    ),
    Operation(
        "choice.make", "POST", "/v1/members/{member_id}/choices", choose, ChoiceMade,
        "Answer a choice for a member", kind="writes", body=ChooseFor,
        example=_ANSWER,
    ),
    Operation(
        "me.choices", "GET", "/v1/me/choices", read, ChoicesView,
        "What one can choose, and has chosen",
    ),
    Operation(
        "me.choose", "POST", "/v1/me/choices", choose, ChoiceMade, "Answer a choice",
        kind="writes", body=Choose, example=_ANSWER,
    ),
)  # fmt: skip
