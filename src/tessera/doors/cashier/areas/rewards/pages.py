"""A code is scanned or typed, looked at, and what it is of is handed over."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit

KINDS = {
    "goods": N_("Hand over"), "privilege": N_("Grant it once"), "code": N_("Code in the app"),
    "donation": N_("Donation"), "coupon": N_("Coupon"),
}  # fmt: skip
STATES = {
    "reserved": N_("reserved"), "issued": N_("ready"), "used": N_("used"),
    "cancelled": N_("given back"), "expired": N_("expired"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """The field for a code."""
    return _view(visit)


def _view(visit: Visit, **more: object) -> View:
    stores = visit.house.shop().stores if visit.house.has_program else {}
    mine = visit.who.principal.stores if visit.who is not None else None
    codes = [code for code in mine or sorted(stores) if code in stores]
    values = {
        "seen": None, "done": False, "code": visit.form.get("code"), "kinds": KINDS,
        "states": STATES, "stores": [(code, stores[code].name or code) for code in codes],
    }  # fmt: skip
    return View("rewards/rewards.html", values | more)


async def look(visit: Visit) -> Shown:
    """What the code is of; nothing happens yet."""
    seen = await visit.ask("claim.check", body={"code": visit.form.get("code")})
    return seen if isinstance(seen, Refusal) else _view(visit, seen=seen)


async def hand(visit: Visit) -> Shown:
    """It is handed over, once."""
    body = {
        "code": visit.form.get("code"), "store": visit.form.get("store") or None,
        "paid": "paid" in visit.form,
    }  # fmt: skip
    done = await visit.ask("claim.hand", body=body)
    if isinstance(done, Refusal):
        return done
    seen = await visit.ask("claim.check", body={"code": body["code"]})
    return seen if isinstance(seen, Refusal) else _view(visit, seen=seen, done=True)


PAGES = (
    Page(
        name="rewards.hand", path="/till/rewards", show=show, title=N_("Rewards"),
        purpose=N_("Scan the code that the member shows, or type it."),
        needs=("claim.hand",), acts={"look": look, "hand": hand},
    ),
)  # fmt: skip
