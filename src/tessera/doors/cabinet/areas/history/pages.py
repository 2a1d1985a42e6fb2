"""The receipts of a member, one of them with its why, and the points as they came."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PER_PAGE = 30


async def receipts(visit: Visit) -> Shown:
    """The newest first."""
    asked = {"cursor": visit.query.get("cursor"), "limit": PER_PAGE}
    told = await visit.ask("me.receipts", query=asked)
    if isinstance(told, Refusal):
        return told
    shown = {"receipts": told.items, "next": told.next, "names": _names(visit)}
    return View("history/receipts.html", shown)


async def receipt(visit: Visit) -> Shown:
    """One receipt, line by line, and why."""
    told = await visit.ask("me.receipt", path={"receipt_id": visit.words["receipt_id"]})
    if isinstance(told, Refusal):
        return told
    return View("history/receipt.html", {"receipt": told, "names": _names(visit)})


async def points(visit: Visit) -> Shown:
    """What is there, what comes, what ends."""
    told = await visit.ask("me.points")
    if isinstance(told, Refusal):
        return told
    return View("history/points.html", {"wallets": told.wallets})


def _names(visit: Visit) -> dict[str, str]:
    return {id_: store.name for id_, store in visit.house.shop().stores.items()}


PAGES = (
    Page(
        name="history.receipts", path="/m/history", show=receipts, title=N_("History"),
        purpose=N_("What was bought with your card, and how many points it brought."),
        needs=("me.receipts",), menu=Menu("tabs", 40, N_("History"), "receipt"),
    ),
    Page(
        name="history.points", path="/m/history/points", show=points, title=N_("Your points"),
        purpose=N_("How many points you have, and until when you can spend them."),
        needs=("me.points",),
    ),
    Page(
        name="history.receipt", path="/m/history/{receipt_id}", show=receipt, title=N_("Receipt"),
        purpose=N_("What is on it, and why it gave just so many points."),
        needs=("me.receipt",),
    ),
)  # fmt: skip
