"""The catalogue, one reward, the wish list, and what one has claimed, with its code."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.drawing import still
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit

TAKEN = N_("It is yours. Here is what you need for it.")
BACK = N_("Given back: your points are where they were.")
KINDS = {
    "goods": N_("Goods"), "code": N_("Code"), "donation": N_("Donation"),
    "privilege": N_("Privilege"), "coupon": N_("Coupon"),
}  # fmt: skip
PRIVILEGES = {
    "early_access": N_("Early access"), "personal_manager": N_("Personal manager"),
    "upgrade": N_("Upgrade"), "extra_help": N_("Extra help"), "other": N_("Privilege"),
}  # fmt: skip
PERIODS = {
    "ever": N_("in all"), "day": N_("a day"), "week": N_("a week"), "month": N_("a month"),
    "year": N_("a year"),
}  # fmt: skip
STATES = {
    "reserved": N_("reserved"), "issued": N_("ready for you"), "used": N_("used"),
    "cancelled": N_("given back"), "expired": N_("expired"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """What is offered, or what of it is wished for."""
    told = await visit.ask("me.rewards")
    if isinstance(told, Refusal):
        return told
    wished = visit.query.get("only") == "wished"
    items = [each for each in told.items if each.wished or not wished]
    return View("rewards/rewards.html", _told(visit) | {
        "items": items, "wished": wished, "available": told.available.get("", 0),
        "wishes": sum(each.wished for each in told.items),
    })  # fmt: skip


def _told(visit: Visit) -> dict[str, Any]:
    names = {
        code: each.name or code for code, each in visit.house.shop().program.currencies.items()
    }
    return {
        "kinds": KINDS, "privileges": PRIVILEGES, "states": STATES, "periods": PERIODS,
        "currencies": names,
    }  # fmt: skip


async def one(visit: Visit) -> Shown:
    """One reward: what it is, what it costs, what is lacking."""
    told = await visit.ask("me.rewards")
    if isinstance(told, Refusal):
        return told
    found = [each for each in told.items if each.reward == visit.words["reward"]]
    if not found:
        why = visit.local.gettext("This reward is not offered to you.")
        return Refusal("reward_unknown", "", why, visit.local.gettext("Look at the others."))
    return View("rewards/reward.html", _told(visit) | {"each": found[0]})


async def take(visit: Visit) -> Shown:
    """It is mine, if there is one left and I have the points."""
    done = await visit.ask("me.claim.make", body={"reward": visit.words["reward"]})
    if isinstance(done, Refusal):
        return done
    return visit.done(done, f"/m/claims/{done.claim_id}", TAKEN)


async def wish(visit: Visit) -> Shown:
    """On the list, or off it."""
    body = {"reward": visit.words["reward"], "wished": visit.form.do == "wish"}
    return visit.done(await visit.ask("me.wish", body=body), visit.path)


async def claims(visit: Visit) -> Shown:
    """What I have claimed, the newest first."""
    told = await visit.ask("me.claims", query={"cursor": visit.query.get("cursor"), "limit": 20})
    if isinstance(told, Refusal):
        return told
    return View("rewards/claims.html", _told(visit) | {
        "items": told.items, "next": visit.here(cursor=told.next) if told.next else "",
    })  # fmt: skip


async def claim(visit: Visit) -> Shown:
    """One of them: the code for the till, or somebody else's code."""
    each = await visit.ask("me.claim", path=visit.words)
    if isinstance(each, Refusal):
        return each
    drawn = still(each.code.replace(" ", "")) if each.code else None
    return View("rewards/claim.html", _told(visit) | {"each": each, "drawn": drawn})


async def reveal(visit: Visit) -> Shown:
    """Show me the code: from now on it does not go back."""
    return visit.done(await visit.ask("me.claim.reveal", path=visit.words), visit.path)


async def give_back(visit: Visit) -> Shown:
    """I do not want it after all."""
    return visit.done(await visit.ask("me.claim.cancel", path=visit.words), visit.path, BACK)


PAGES = (
    Page(
        name="rewards.rewards", path="/m/rewards", show=show, title=N_("Rewards"),
        purpose=N_("What you can take for your points."),
        needs=("me.rewards",),
    ),
    Page(
        name="rewards.reward", path="/m/rewards/{reward}", show=one, title=N_("Reward"),
        purpose=N_("What it is, what it costs, and how you get it."),
        needs=("me.rewards",), acts={"take": take, "wish": wish, "unwish": wish},
    ),
    Page(
        name="rewards.claims", path="/m/claims", show=claims, title=N_("My rewards"),
        purpose=N_("What you have taken for points, and until when it is good."),
        needs=("me.claims",),
    ),
    Page(
        name="rewards.claim", path="/m/claims/{claim_id}", show=claim, title=N_("My reward"),
        purpose=N_("How you get what you have taken, and until when."),
        needs=("me.claim",), acts={"reveal": reveal, "back": give_back},
    ),
)  # fmt: skip
