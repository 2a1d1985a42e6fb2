"""A member at a glance: what there is, what happened, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tessera.base.refusal import Refusal
from tessera.checkout.statement.core import WalletTold
from tessera.doors.console.areas.members.heads import head
from tessera.doors.console.areas.members.telling import line
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

PER_PAGE = 30


async def show(visit: Visit) -> Shown:
    """Tiles, timeline, and who it is."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    past = await _past(visit, known)
    if isinstance(past, Refusal):
        return past
    return View("members/card.html", known | past | tiles(visit, await wallets(visit, known)))


async def wallets(visit: Visit, known: dict[str, Any]) -> list[WalletTold]:
    """What there is in each currency, the program's own first; nothing for who may not see it."""
    if not visit.may("points.read"):
        return []
    path = {"account_id": known["member"].account_id}
    found = await visit.ask("points.read", path=path)
    return [] if isinstance(found, Refusal) else found.wallets


def tiles(visit: Visit, there: Sequence[WalletTold]) -> dict[str, Any]:
    """For `ui.tiles`: where the program's own points stand, and those of other currencies."""
    gettext, count = visit.local.gettext, visit.local.count
    own: list[tuple[str, ...]] = []
    for each in there[:1]:
        b, soon = each.balance, each.expiring
        own = [
            (gettext("Available"), count(b.available), gettext("can be spent now")),
            (gettext("Pending"), count(b.pending), gettext("cannot be spent yet")),
            (gettext("Held"), count(b.held), gettext("promised to open quotes")),
            (
                gettext("Debt"),
                count(b.debt),
                gettext("paid back by new points"),
                "bad" if b.debt else "",
            ),
            (
                gettext("Expiring soon"),
                count(soon),
                gettext("within 30 days"),
                "warn" if soon else "",
            ),
        ]
    others = [
        (each.currency, count(each.balance.balance),
         gettext("%(count)s can be used now") % {"count": count(each.balance.available)})
        for each in there[1:]
    ]  # fmt: skip
    return {"tiles": own, "others": others}


async def _past(visit: Visit, known: dict[str, Any]) -> dict[str, Any] | Refusal:
    """A page of the timeline."""
    if not visit.may("member.timeline"):
        return {"lines": [], "next": "", "first": ""}
    before = visit.query.get("before")
    page = await visit.ask(
        "member.timeline", path={"member_id": known["member"].member_id},
        query={"cursor": before, "limit": PER_PAGE},
    )  # fmt: skip
    if isinstance(page, Refusal):
        return page
    return {
        "lines": [line(visit, told, known["at"]) for told in page.items],
        "next": visit.here(before=page.next) if page.next else "",
        "first": visit.here(before=None) if before else "",
    }
