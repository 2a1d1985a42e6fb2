"""Calls about members and their cards."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain


def batch(things: Things, whose: Whose) -> Made:
    known = things.made("/v1/card-batches", {"prefix": "27", "count": 1})["batch_id"]
    return {"batch_id": str(uuid4()) if whose == "random" else known}, None


def card(body: Any) -> Make:
    return lambda things, whose: ({"number": "x" if whose == "random" else things.card()}, body)


def of_member(body: Any = None) -> Make:
    return lambda things, whose: (
        {"member_id": str(uuid4()) if whose == "random" else things.member()}, body
    )  # fmt: skip


def identifier(things: Things, whose: Whose) -> Made:
    return of_member({"kind": "external", "value": uuid4().hex})(things, whose)


def held(things: Things, whose: Whose) -> Made:
    """A member, and what he is known by."""
    member, body = things.member(), {"reason": "mistyped at the till"}
    if whose == "random":
        return {"member_id": member, "identifier_id": str(uuid4())}, body
    said = things.api.call("GET", f"/v1/members/{member}").json()
    return {"member_id": member, "identifier_id": said["identifiers"][0]["identifier_id"]}, body


MAKES: dict[str, Make] = {
    "member.read": of_member(),
    "member.change": of_member({"favourites": ["LATTE"]}),
    "member.timeline": of_member(),
    "member.household": of_member(),
    "member.list": plain(),
    "member.search": plain({"text": "anna ros"}),
    "member.identifier": identifier,
    "identifier.remove": held,
    "card.issue": plain({"prefix": "26", "count": 1}),
    "card.batches": plain(),
    "card.batch": batch,
    "card.numbers": batch,
    "card.sheet": batch,
    "card.block": card({"reason": "lost"}),
    "card.unblock": card(None),
    "card.replace": lambda t, w: (
        {"number": "x" if w == "random" else t.card()}, {"new": t.fresh()}
    ),
}  # fmt: skip
ANYBODYS = {"member.list", "member.search", "card.issue", "card.batches"}
