"""One's levels: progress, what a review will bring, benefits."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.tongue import tongue
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit
from tessera.program.core.ladder_words import asked_besides


async def show(visit: Visit) -> Shown:
    """Every ladder of the program."""
    told = await visit.ask("me.tiers")
    if isinstance(told, Refusal):
        return told
    program, said = visit.house.shop().program, tongue(visit.local.language)
    asked = {
        code: asked_besides(ladder, program.currency, said)
        for code, ladder in program.tiers.items()
    }
    return View("tiers/tiers.html", {
        "tiers": told.items, "currency": program.currency, "asked": asked,
    })  # fmt: skip


PAGES = (
    Page(
        name="tiers.tiers", path="/m/tiers", show=show, title=N_("Your level"),
        purpose=N_("It counts from your next purchase on."), needs=("me.tiers",),
    ),
)  # fmt: skip
