"""The card full screen: the code of this minute, and below it what works without a line."""

from __future__ import annotations

import hashlib

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.drawing import bars, still
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit


async def show(visit: Visit) -> Shown:
    """The only page of a member that a device keeps: the number and nothing about points."""
    told = await visit.ask("me.home")
    assert visit.who is not None, "the page is for members"
    if isinstance(told, Refusal):
        return told
    key = hashlib.sha256(visit.who.principal.id.bytes).hexdigest()[:16]
    drawn = {"bars": bars(told.card), "still": still(told.card)} if told.card else {}
    return View("card/card.html", {"card": told.card, "key": key, "bars": None, "still": None,
                                   "program": told.program, **drawn})  # fmt: skip


PAGES = (
    Page(
        name="card.card", path="/m/card", show=show, title=N_("Your card"), needs=("me.home",),
        purpose=N_("Hold it up at the till to collect and spend points."),
        menu=Menu("tabs", 30, N_("Card"), "card"),
    ),
)  # fmt: skip
