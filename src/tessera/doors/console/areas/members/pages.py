"""The pages of the members area."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.doors.console.areas.members import (
    card,
    consents,
    household,
    levels,
    listing,
    merging,
    points,
    privacy,
    profile,
    receipts,
)
from tessera.doors.console.areas.members.heads import LIST, TABS
from tessera.doors.language.words import N_
from tessera.doors.web.page import Handler, Menu, Page

_ONE = f"{LIST}/{{member_id}}"
_NEEDS = {below: needs for below, _, needs in TABS}


def _tab(name: str, show: Handler, title: str, acts: Mapping[str, Handler] | None = None) -> Page:
    below = f"/{name}"
    return Page(
        name=f"members.{name}", path=_ONE + below, show=show, title=title, needs=_NEEDS[below],
        also=("member.read",),
        acts=acts or {},
    )  # fmt: skip


PAGES: tuple[Page, ...] = (
    Page(
        name="members.list", path=LIST, show=listing.show, title=N_("Members"),
        purpose=N_("Find a member by anything, and open the card."),
        needs=("member.search", "member.list"), menu=Menu("work", 20, N_("Members"), "members"),
    ),
    Page(
        name="members.new", path=f"{LIST}/new", show=listing.show_new, title=N_("New member"),
        purpose=N_("Register a person. A card that earned before keeps what it earned."),
        needs=("member.register",), acts={"register": listing.register},
    ),
    Page(
        name="members.card", path=_ONE, show=card.show, title=N_("Member"),
        needs=("member.read",),
    ),
    _tab("receipts", receipts.show, N_("Receipts")),
    _tab("points", points.show, N_("Points"), points.ACTS),
    _tab("tiers", levels.show, N_("Tiers"), levels.ACTS),
    _tab("profile", profile.show, N_("Cards and profile"), profile.ACTS),
    _tab("consents", consents.show, N_("Consents"), consents.ACTS),
    _tab("household", household.show, N_("Household"), household.ACTS),
    _tab("merges", merging.show, N_("Merges"), merging.ACTS),
    _tab("privacy", privacy.show, N_("Privacy"), privacy.ACTS),
)  # fmt: skip
