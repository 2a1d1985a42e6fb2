"""A member's own coupons: what each brings, until when, and its code to be scanned."""

from __future__ import annotations

import hashlib

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.drawing import still
from tessera.doors.language.words import N_
from tessera.doors.till.codes import OwnCoupons
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/m/coupons"
_PAST = 10  # so many of those that count no more are shown


async def show(visit: Visit) -> Shown:
    """Those that count, with a way to hold each up; below them some that do no more."""
    told = await visit.ask("me.coupons")
    if isinstance(told, Refusal):
        return told
    assert isinstance(told, OwnCoupons)
    marked = [(mark(each.code), each) for each in told.items]
    wanted = visit.query.get("show", "")
    up = next((each for own, each in marked if own == wanted and each.state == "good"), None)
    return View("coupons/coupons.html", {
        "good": [pair for pair in marked if pair[1].state in ("good", "not_yet")],
        "past": [each for _, each in marked if each.state not in ("good", "not_yet")][:_PAST],
        "up": up, "drawn": still(up.code) if up is not None else None,
    })  # fmt: skip


def mark(code: str) -> str:
    """What stands for a code in an address: nobody reads the code out of a log."""
    return hashlib.sha256(code.encode()).hexdigest()[:16]


PAGES = (
    Page(
        name="coupons.coupons", path=PATH, show=show, title=N_("Your coupons"),
        purpose=N_("Codes of your own that bring you something at the till."),
        needs=("me.coupons",),
    ),
)  # fmt: skip
