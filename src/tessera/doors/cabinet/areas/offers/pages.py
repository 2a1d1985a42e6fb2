"""Open rules with what is still missing, and the answers that members give in advance."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

CHOSEN = N_("Your choice holds from now on.")


async def show(visit: Visit) -> Shown:
    """Open rules. Nothing here tells that there are others."""
    told = await visit.ask("me.rules")
    if isinstance(told, Refusal):
        return told
    asked = await visit.ask("me.choices")
    all_ = [] if isinstance(asked, Refusal) else asked.choices
    mine = [each for each in all_ if _mine(visit, each)]
    program = visit.house.shop().program
    return View("offers/offers.html", {
        "rules": told.items, "choices": mine, "coupons": bool(program.coupons),
        "levels": bool(program.tiers), "luck": bool(program.draws),
        "boards": bool(program.boards),
    })  # fmt: skip


async def choices(visit: Visit) -> Shown:
    """Questions that one answers oneself."""
    told = await visit.ask("me.choices")
    if isinstance(told, Refusal):
        return told
    mine = [each for each in told.choices if _mine(visit, each)]
    return View("offers/choices.html", {"choices": mine, "past": told.history[:10]})


async def choose(visit: Visit) -> Shown:
    """An answer; it takes the place of the one before."""
    body = {"choice": visit.form.get("choice"), "options": visit.form.all("options")}
    if not body["options"]:
        why = visit.local.gettext("Nothing is chosen.")
        return Refusal("choice_missing", "options", why, visit.local.gettext("Choose one."))
    return visit.done(await visit.ask("me.choose", body=body), "/m/choices", CHOSEN)


def _mine(visit: Visit, each: object) -> bool:
    """What staff answer for a member is not asked here."""
    declared = visit.house.shop().program.choices.get(getattr(each, "choice", ""))
    return declared is not None and declared.member


PAGES = (
    Page(
        name="offers.offers", path="/m/offers", show=show, title=N_("Offers"), needs=("me.rules",),
        purpose=N_("What you can get for your points and with your next purchases."),
        menu=Menu("tabs", 20, N_("Offers"), "offers"),
    ),
    Page(
        name="offers.choices", path="/m/choices", show=choices, title=N_("Your choice"),
        purpose=N_("What you choose here counts at the till from your next purchase on."),
        needs=("me.choices",), acts={"choose": choose},
    ),
)  # fmt: skip
