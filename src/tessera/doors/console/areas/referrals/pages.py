"""The list of members who were brought by others."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/referrals"
STATES: Mapping[str, tuple[str, str]] = {
    "open": (N_("has not bought enough yet"), "soft"), "due": (N_("waits for returns"), "warn"),
    "paid": (N_("paid"), "good"), "taken_back": (N_("taken back: goods came back"), "bad"),
    "refused": (N_("never paid"), "bad"), "over": (N_("too late"), "plain"),
}  # fmt: skip
WHY: Mapping[str, str] = {
    "same_member": N_("Both are one member."),
    "same_household": N_("Both are, or were, in one household."),
    "same_contact": N_("Both have one address."), "looks_same": N_("Both look like one person."),
    "known": N_("Whoever was brought had a card before."),
    "ring": N_("They have brought each other."),
    "again": N_("This person was brought before, under another number."),
    "erased": N_("Whoever was brought was erased before it was paid."),
    "most_reached": N_("Who brings was paid often enough: only the friend got points."),
    "budget_used_up": N_("A budget is used up: less was paid than was promised."),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """Everybody, the newest first; or those of one member."""
    member, cursor = visit.query.get("member", ""), visit.query.get("cursor")
    found = await visit.ask(
        "referral.list", query={"member": member, "cursor": cursor, "limit": 50}
    )
    if isinstance(found, Refusal):
        return found
    return View("referrals/list.html", {
        "rows": found.items, "states": STATES, "why": WHY, "member": member,
        "offered": visit.house.shop().program.referral is not None,
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor="") if cursor else "",
    })  # fmt: skip


PAGES: tuple[Page, ...] = (
    Page(
        name="referrals.referrals", path=PATH, show=show, title=N_("Friends brought"),
        purpose=N_("Members who bring others: what was paid to both, and what was not."),
        needs=("referral.list",), menu=Menu("work", 65, N_("Friends brought"), "people"),
    ),
)  # fmt: skip
