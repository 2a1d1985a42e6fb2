"""Calls about who is one person with whom, and who shares an account."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain

WHY = {"reason": "the same phone"}


def nobody() -> str:
    return str(uuid4())


def merge(things: Things, whose: Whose) -> Made:
    member = nobody() if whose == "random" else things.member()
    return {"member_id": member}, {"other": things.member(), **WHY}


def merged(body: Any = None) -> Make:
    def make(things: Things, whose: Whose) -> Made:
        if whose == "random":
            return {"merge_id": nobody()}, body
        told = {"other": things.member(), **WHY}
        done = things.made(f"/v1/members/{things.member()}/merge", told)
        return {"merge_id": done["merge_id"]}, body

    return make


def household(things: Things) -> tuple[str, str]:
    """A household, and its head."""
    head = things.member()
    return things.made("/v1/households", {"member_id": head})["household_id"], head


def of_household(body: Any = None, *, guest: bool = False) -> Make:
    def make(things: Things, whose: Whose) -> Made:
        id_, head = household(things)
        told = {"member_id": things.member()} if guest else body
        named = nobody() if whose == "random" else id_
        return {"household_id": named, "member_id": head}, told

    return make


def invitation(things: Things, whose: Whose) -> Made:
    id_, _ = household(things)
    guest = {"member_id": things.member()}
    told = things.made(f"/v1/households/{id_}/invitations", guest)["invitation_id"]
    return {"invitation_id": nobody() if whose == "random" else told}, {"accept": True}


def alone(things: Things) -> None:
    """The crawling member is in no household."""
    home = things.me.pop("household", None)
    if home is not None:
        path = f"/v1/households/{home}/members/{things.me['member_id']}/leave"
        things.api.call("POST", path)


def at_home(things: Things) -> None:
    """The crawling member is the head of a household."""
    alone(things)
    who = {"member_id": things.me["member_id"]}
    things.me["household"] = things.made("/v1/households", who)["household_id"]


def mine(body: Any = None, *, guest: bool = False) -> Make:
    def make(things: Things, whose: Whose) -> Made:
        at_home(things)
        return {}, {"member_id": things.member()} if guest else body

    return make


def my_invitation(things: Things, whose: Whose) -> Made:
    alone(things)
    id_, _ = household(things)
    guest = things.member() if whose == "other" else things.me["member_id"]
    told = things.made(f"/v1/households/{id_}/invitations", {"member_id": guest})
    named = nobody() if whose == "random" else told["invitation_id"]
    return {"invitation_id": named}, {"accept": False}


MAKES: dict[str, Make] = {
    "member.merge": merge,
    "member.merges": lambda t, w: (
        {"member_id": nobody() if w == "random" else t.member()}, None
    ),
    "merge.read": merged(),
    "merge.undo": merged(WHY),
    "household.found": lambda t, w: (
        {}, {"member_id": nobody() if w == "random" else t.member()}
    ),
    "household.read": of_household(),
    "household.invite": of_household(guest=True),
    "household.answer": invitation,
    "household.change": of_household({"role": "head"}),
    "household.leave": of_household(),
    "me.household": plain(),
    "me.household.found": mine(),
    "me.household.invite": mine(guest=True),
    "me.household.answer": my_invitation,
    "me.household.leave": mine(),
}  # fmt: skip
ANYBODYS = {"me.household", "me.household.found", "me.household.invite", "me.household.leave"}
REFUSED = {"me.household.found": 409}
