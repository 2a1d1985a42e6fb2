"""Bring a friend: what it is worth, the code, who has come."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.drawing import still
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/m/friends"
STATES: Mapping[str, tuple[str, str]] = {
    "open": (N_("has not bought enough yet"), "soft"),
    "due": (N_("points are on their way"), "good"),
    "paid": (N_("points for you"), "good"), "taken_back": (N_("the purchase came back"), "warn"),
    "over": (N_("too late"), "plain"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """The terms, the code with its picture, and the friends."""
    told = await visit.ask("me.referral")
    if isinstance(told, Refusal):
        return told
    link = ""
    if told.code:
        link = f"{visit.house.plan.entrance.site.origin}/m/join?{urlencode({'friend': told.code})}"
    return View("friends/friends.html", {
        "terms": told.terms, "code": told.code, "friends": told.friends, "states": STATES,
        "link": link, "picture": still(link) if link else None,
        "currency": visit.house.shop().program.currency,
    })  # fmt: skip


async def make(visit: Visit) -> Shown:
    """A code of one's own."""
    return visit.done(await visit.ask("me.referral.make"), PATH)


PAGES = (
    Page(
        name="friends.friends", path=PATH, show=show, title=N_("Bring a friend"),
        purpose=N_("Both of you get points once your friend has bought something."),
        needs=("me.referral",), acts={"make": make},
    ),
)  # fmt: skip
