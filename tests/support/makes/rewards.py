"""Calls about rewards, codes of others, and what was claimed of them."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import UUID, uuid4

from support import database
from support.api import apart
from support.things import STORE_OF, Made, Make, Things, Whose, plain
from tessera.rewards.catalogue import db, flows

TERMS: dict[str, Any] = {"kind": "goods", "names": {"en": "Mug"}, "points": 10, "days": 30}
PNG = "iVBORw0KGgo="
_serials = count(1)


def reward(things: Things, *, offered: bool = True, **terms: Any) -> str:
    code = f"mug{next(_serials)}"
    things.made("/v1/rewards", {"code": code, "terms": TERMS | terms})
    if offered:
        things.made(f"/v1/rewards/{code}/state", {"state": "offered"})
    return code


def on(body: Any = None) -> Make:
    """About a reward."""
    return lambda things, whose: (
        {"reward": "nobody-s" if whose == "random" else reward(things, offered=False)},
        body,
    )


def new(things: Things, whose: Whose) -> Made:
    return {}, {"code": f"new{next(_serials)}", "terms": TERMS}


def picture(things: Things, whose: Whose) -> Made:
    told = things.made(f"/v1/rewards/{reward(things, offered=False)}/picture", {"body": PNG})
    return {"hash": told["picture"]}, None


def new_pool(things: Things, whose: Whose) -> Made:
    return {}, {"code": f"pool{next(_serials)}"}


def codes(things: Things, whose: Whose) -> Made:
    pool = f"pool{next(_serials)}"
    if whose != "random":
        things.made("/v1/pools", {"code": pool})
    return {"pool": pool}, {"codes": [uuid4().hex]}


def rich(things: Things) -> dict[str, str]:
    """The crawling member, with points for one more."""
    things.put_in(things.me["card"], 10)
    return things.me


def claim(things: Things, whose: Whose, **terms: Any) -> dict[str, Any]:
    """Of the member who crawls; another's where it is not one's own."""
    if whose == "random":
        return {"claim_id": str(uuid4()), "code": "R" + "0" * 15}
    if whose == "own":
        me = rich(things)
    else:
        card = things.party(10)
        told = things.made("/v1/identify", card)
        listed = things.api.eye.execute(
            "SELECT id FROM members.member WHERE account_id = %s", (told["account_id"],)
        ).fetchone()
        assert listed is not None
        me = {"member_id": str(listed[0])}
    body = {"member_id": me["member_id"], "reward": reward(things, **terms)}
    made = things.made("/v1/claims", body)
    return made | {"code": code_of(things, UUID(made["claim_id"]))}


def code_of(things: Things, claim_id: UUID) -> str:
    """As its member reads it: whoever signs in again and again loses his first session."""

    async def read() -> str:
        async with await database.connect(things.api.dsn) as conn:
            found = await db.claim(conn, claim_id)
            assert found is not None
            return (await flows.codes(conn, [found]))[claim_id]

    return apart(read())


def about(body: Any = None, **terms: Any) -> Make:
    return lambda things, whose: ({"claim_id": claim(things, whose, **terms)["claim_id"]}, body)


def make(things: Things, whose: Whose) -> Made:
    who = str(uuid4()) if whose == "random" else rich(things)["member_id"]
    return {}, {"member_id": who, "reward": reward(things)}


def check(things: Things, whose: Whose) -> Made:
    return {}, {"code": claim(things, whose)["code"]}


def hand(things: Things, whose: Whose) -> Made:
    return {}, {"code": claim(things, "own")["code"], "store": STORE_OF[whose]}


def take(things: Things, whose: Whose) -> Made:
    rich(things)
    return {}, {"reward": reward(things)}


def ticket(things: Things, whose: Whose) -> Made:
    path, body = codes(things, "own")
    things.made(f"/v1/pools/{path['pool']}/codes", body)
    made = claim(things, whose, kind="code", pool=path["pool"])
    return {"claim_id": made["claim_id"]}, None


MAKES: dict[str, Make] = {
    "reward.list": plain(),
    "reward.read": on(),
    "reward.make": new,
    "reward.change": on({"terms": TERMS}),
    "reward.place": on({"state": "offered"}),
    "reward.stock": on({"stock": 5}),
    "reward.picture": on({"body": PNG}),
    "picture.read": picture,
    "pool.list": plain(),
    "pool.make": new_pool,
    "pool.add": codes,
    "claim.list": plain(),
    "claim.make": make,
    "claim.check": check,
    "claim.hand": hand,
    "claim.read": about(),
    "claim.mark": about({"to": "handed_over"}),
    "claim.cancel": about({"reason": "broken"}),
    "me.rewards": plain(),
    "me.claim.make": take,
    "me.claims": plain(),
    "me.claim": about(),
    "me.claim.reveal": ticket,
    "me.claim.cancel": about(),
    "me.wish": lambda things, whose: ({}, {"reward": reward(things)}),
}
ANYBODYS = {
    "reward.list", "reward.make", "pool.list", "pool.make", "claim.list", "me.rewards",
    "me.claim.make", "me.claims", "me.wish",
}  # fmt: skip
OF_STORE = {"claim.hand"}
