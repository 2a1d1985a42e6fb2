"""What a member has besides points: rewards that were claimed, and coupons of his own."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import head
from tessera.doors.console.areas.rewards.pages import STATES
from tessera.doors.language.words import N_
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

CLAIMED = N_("The reward is the member's.")


async def show(visit: Visit) -> Shown:
    """Claims, the newest first, and coupons; what could be claimed now."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    member_id, cursor = known["member"].member_id, visit.query.get("cursor")
    claims: Any = None
    if visit.may("claim.list"):
        asked = {"member_id": str(member_id), "cursor": cursor, "limit": 20}
        claims = await visit.ask("claim.list", query=asked)
    coupons: Any = None
    if visit.may("coupon.member"):
        coupons = await visit.ask("coupon.member", path={"member_id": member_id})
    for each in (claims, coupons):
        if isinstance(each, Refusal):
            return each
    return View("members/gifts.html", known | {
        "claims": claims, "coupons": coupons, "offered": await _offered(visit),
        "next": visit.here(cursor=claims.next) if claims and claims.next else "",
        "first": visit.path if cursor else "", "states": STATES,
        "currency": known["program"].currency,
    })  # fmt: skip


async def _offered(visit: Visit) -> list[tuple[str, str]]:
    """What staff may claim for the member: (code, name)."""
    if not (visit.may("claim.make") and visit.may("reward.list")):
        return []
    found = await visit.ask("reward.list")
    if isinstance(found, Refusal):
        return []
    language = visit.local.language
    return [
        (each.code, names.get(language) or names.get("en") or next(iter(names.values())))
        for each in found.items if each.state == "offered"
        for names in (each.terms.names,)
    ]  # fmt: skip


async def claim(visit: Visit) -> Shown:
    """A reward is claimed for the member."""
    body = {"member_id": visit.words["member_id"], "reward": visit.form.get("reward")}
    return visit.done(await visit.ask("claim.make", body=body), visit.path, CLAIMED)


ACTS = {"claim": claim}
