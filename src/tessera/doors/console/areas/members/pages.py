"""The pages of the members area."""

from __future__ import annotations

from collections.abc import Mapping

from tessera.doors.console.areas.members import (
    card,
    consents,
    gifts,
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


def _tab(
    name: str, show: Handler, title: str, purpose: str, acts: Mapping[str, Handler] | None = None
) -> Page:
    below = f"/{name}"
    return Page(
        name=f"members.{name}", path=_ONE + below, show=show, title=title, purpose=purpose,
        needs=_NEEDS[below], also=("member.read",), acts=acts or {},
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
        purpose=N_("One member at a glance; the tabs lead to the rest."),
        needs=("member.read",),
    ),
    _tab(
        "receipts", receipts.show, N_("Receipts"),
        N_("What this member bought, where, and how many points it brought."),
    ),
    _tab(
        "points", points.show, N_("Points"),
        N_("What this member can spend, and which points expire when."), points.ACTS,
    ),
    _tab(
        "tiers", levels.show, N_("Tiers"),
        N_("Which level this member has, until when, and what is missing for the next."),
        levels.ACTS,
    ),
    _tab(
        "gifts", gifts.show, N_("Rewards"),
        N_("What this member has claimed, and which coupons are good."), gifts.ACTS,
    ),
    _tab(
        "profile", profile.show, N_("Cards and profile"),
        N_("By what this member is recognised, and what is known about the person."), profile.ACTS,
    ),
    _tab(
        "consents", consents.show, N_("Consents"),
        N_("What this member agreed to, on which channel, and when."), consents.ACTS,
    ),
    _tab(
        "household", household.show, N_("Household"),
        N_("With whom this member collects on one account, and who may spend how much."),
        household.ACTS,
    ),
    _tab(
        "merges", merging.show, N_("Merges"),
        N_("Which members became one with this one, why, and what came along."), merging.ACTS,
    ),
    _tab(
        "privacy", privacy.show, N_("Privacy"),
        N_("The personal data of this member. Whoever shows, takes or erases it says why."),
        privacy.ACTS,
    ),
)  # fmt: skip
