"""One's tickets, badges and prizes, and what can be won."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.till.draws import MyLuck
from tessera.doors.till.my_draws import DrawsToWin
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit


async def show(visit: Visit) -> Shown:
    """All of it on one page."""
    told = await visit.ask("me.luck")
    if isinstance(told, Refusal):
        return told
    assert isinstance(told, MyLuck)
    asked = await visit.ask("me.draws")
    draws = asked.items if isinstance(asked, DrawsToWin) else []
    shown = {each.draw for each in draws}
    past = [each for each in told.draws if each.draw not in shown]
    badges = [each for each in told.keepsakes if each.kind == "badge"]
    rights = [each for each in told.keepsakes if each.kind == "privilege"]
    return View("luck/luck.html", {
        "mine": told, "badges": badges, "rights": rights, "draws": draws, "past": past,
        "held": {each.draw: each for each in told.draws},
    })  # fmt: skip


PAGES = (
    Page(
        name="luck.luck", path="/m/luck", show=show, title=N_("Tickets and badges"),
        purpose=N_("What your purchases have brought besides points."), needs=("me.luck",),
    ),
)  # fmt: skip
