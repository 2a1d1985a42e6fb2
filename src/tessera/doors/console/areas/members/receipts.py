"""A member's receipts, each with the why of everything it gave and of what was missing."""

from __future__ import annotations

import re

from tessera.base.refusal import Refusal
from tessera.checkout.core import Page as Receipts
from tessera.checkout.core import Parked, Told
from tessera.doors.console.areas.members.heads import head
from tessera.doors.console.areas.members.seeing import LINES_ALONE, seen
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

PER_PAGE = 15


async def show(visit: Visit) -> Shown:
    """The history, or one receipt alone (`only`), explained whole if `explain` says so."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    only = visit.query.get("only", "")
    after = visit.query.get("after", "")
    start = int(after) if re.fullmatch(r"[0-9]{1,4}", after, re.ASCII) else 0
    explained = visit.query.get("explain") == "all"
    found = await (
        _one(visit, only, explained) if only else _page(visit, str(known["member"].account_id))
    )
    if isinstance(found, Refusal):
        return found
    most = {"most": LINES_ALONE} if only else {}
    shown = [seen(visit.local, told, start, explained=explained, **most) for told in found.items]
    return View("members/receipts.html", known | {
        "receipts": shown, "only": only,
        "names": {rule.id: rule.name for rule in visit.house.shop().program.rules},
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor=None) if visit.query.get("cursor") else "",
    })  # fmt: skip


async def _page(visit: Visit, account_id: str) -> Receipts | Refusal:
    query = {"cursor": visit.query.get("cursor"), "limit": PER_PAGE}
    found: Receipts | Refusal = await visit.ask(
        "receipt.history",
        path={"account_id": account_id},
        query=query | spoken(visit, "receipt.history"),
    )
    return found


async def _one(visit: Visit, receipt_id: str, explained: bool) -> Receipts | Refusal:
    query = {"explain": "all" if explained else ""} | spoken(visit, "receipt.read")
    found: Told | Parked | Refusal = await visit.ask(
        "receipt.read", path={"receipt_id": receipt_id}, query=query
    )
    if isinstance(found, Parked):
        return Refusal(
            "receipt_unknown", "receipt_id", "this return is not settled",
            "the register of incidents says why",
        )  # fmt: skip
    return found if isinstance(found, Refusal) else Receipts((found,))


def spoken(visit: Visit, name: str) -> dict[str, str]:
    """The reader's language, for an operation that tells sentences in it."""
    row = next(each for each in visit.asking.api.operations if each.name == name)
    return {"language": visit.local.language} if "language" in (row.query or {}) else {}
