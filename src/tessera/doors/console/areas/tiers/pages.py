"""Every ladder of the program: levels, how many stand on each, how many moved, reviews."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit


async def show(visit: Visit) -> Shown:
    """The ladders as the program has them now."""
    found = await visit.ask("tier.ladders")
    if isinstance(found, Refusal):
        return found
    return View(
        "tiers/tiers.html",
        {"ladders": found.items, "currency": visit.house.shop().program.currency, "whys": WHYS},
    )


WHYS = {
    "earned": N_("reached by a purchase"), "returned": N_("taken back by a return"),
    "reviewed": N_("sunk at a review"), "matched": N_("set by hand"),
    "joined": N_("two members became one"), "parted": N_("one member became two"),
    "carried": N_("moved in from another program"),
}  # fmt: skip
PAGES = (
    Page(
        name="tiers.tiers", path="/console/tiers", show=show, title=N_("Tiers"),
        purpose=N_("Who stands on which level, and how many went up or down."),
        needs=("tier.ladders",), menu=Menu("program", 40, N_("Tiers"), "tiers"),
    ),
)  # fmt: skip
