"""One's levels: progress, what a review will bring, benefits."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit


async def show(visit: Visit) -> Shown:
    """Every ladder of the program."""
    told = await visit.ask("me.tiers")
    if isinstance(told, Refusal):
        return told
    currency = visit.house.shop().program.currency
    return View("tiers/tiers.html", {"tiers": told.items, "currency": currency})


PAGES = (
    Page(
        name="tiers.tiers", path="/m/tiers", show=show, title=N_("Your level"),
        purpose=N_("It counts from your next purchase on."), needs=("me.tiers",),
    ),
)  # fmt: skip
