"""What every page about one member begins with: who it is, and where else to look."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.till.membership import MemberView
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit
from tessera.rules.core.words import Program

LIST = "/console/members"
# (the address below the member's, its title, what one needs one of to see it)
TABS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("", N_("Overview"), ("member.read",)),
    ("/receipts", N_("Receipts"), ("receipt.history",)),
    ("/points", N_("Points"), ("points.read",)),
    ("/tiers", N_("Tiers"), ("tier.read",)),
    ("/gifts", N_("Rewards"), ("claim.list", "coupon.member")),
    ("/profile", N_("Cards and profile"), ("member.read",)),
    ("/consents", N_("Consents"), ("consent.read",)),
    ("/household", N_("Household"), ("member.household",)),
    ("/merges", N_("Merges"), ("member.merges",)),
    (
        "/privacy", N_("Privacy"),
        ("member.reveal", "member.sights", "member.export", "member.erase"),
    ),
)  # fmt: skip
KINDS: Mapping[str, str] = {
    "card": N_("Card"), "phone": N_("Phone"), "email": N_("E-mail"), "external": N_("External id"),
}  # fmt: skip
STATUS: Mapping[str, tuple[str, str]] = {
    "active": (N_("In use"), "good"), "blocked": (N_("Blocked"), "bad"),
    "replaced": (N_("Replaced"), "plain"),
}  # fmt: skip


async def head(visit: Visit) -> dict[str, Any] | Shown:
    """The member of the address, for `frame.html`; of a merged one, the way to the one that is."""
    member = await visit.ask("member.read", path={"member_id": visit.words["member_id"]})
    if isinstance(member, Refusal):
        return member
    if str(member.member_id) != visit.words["member_id"]:
        return See(visit.path.replace(visit.words["member_id"], str(member.member_id)), MERGED)
    at = f"{LIST}/{member.member_id}"
    tabs = [
        (at + below, visit.local.gettext(label), visit.path == at + below)
        for below, label, needs in TABS
        if any(map(visit.may, needs))
    ]
    return {
        "member": member, "at": at, "tabs": tabs, "called": called(visit, member),
        "card": card_of(member), "gone": is_gone(member), "kinds": KINDS, "statuses": STATUS,
        "program": program(visit),
    }  # fmt: skip


MERGED = N_("This member was merged into the one that is shown.")


async def framed(visit: Visit, template: str, **values: Any) -> Shown:
    """A page about the member of the address."""
    known = await head(visit)
    return View(f"members/{template}", known | values) if isinstance(known, dict) else known


def program(visit: Visit) -> Program:
    """The program that decides now: its words for reasons, causes, choices, attributes."""
    return visit.house.shop().program


def is_gone(member: MemberView) -> bool:
    """Whether nobody is behind the number any more."""
    return not member.identifiers and member.registered_at is None


def called(visit: Visit, member: MemberView) -> str:
    """What a page calls somebody."""
    if member.name:
        return member.name
    if is_gone(member):
        return visit.local.gettext("Erased")
    if member.registered_at is None:
        return visit.local.gettext("Not registered yet")
    if visit.who is not None and visit.who.principal.sight == "pseudonym":
        number = str(member.member_id)[-8:]
        return visit.local.gettext("Member %(number)s") % {"number": number}
    return visit.local.gettext("Name unknown")


def card_of(member: MemberView) -> Any | None:
    """The card that counts: one that works, else a blocked one, else the last; None: no card."""
    cards = [each for each in member.identifiers if each.kind == "card"]
    order = ("active", "blocked", "replaced")
    return min(cards, key=lambda each: order.index(each.status), default=None)


# Forms -------------------------------------------------------------------------------------------


def at_field(answer: Any, prefix: str) -> Any:
    """A refusal about the fields of a form whose names begin with `prefix`; else the answer."""
    if not isinstance(answer, Refusal) or not answer.field:
        return answer
    return replace(answer, field=prefix + answer.field.rpartition(".")[2].partition("[")[0])


def whole(visit: Visit, field: str) -> int | Refusal:
    """A whole number above zero that was typed; blanks between its digits are how people write."""
    text = "".join(visit.form.get(field).split()).replace("\u2019", "")
    if text.isascii() and text.isdecimal() and 0 < len(text) <= 12 and int(text):
        return int(text)
    return Refusal("amount_refused", field, visit.local.gettext("This is no number of points."),
                   visit.local.gettext("Type a whole number above zero."))  # fmt: skip


def end_of(visit: Visit, field: str) -> str | Refusal | None:
    """The end of a day that was picked, as an instant; None: none was."""
    text = visit.form.get(field)
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + timedelta(days=1)
        return datetime.combine(day, time(), visit.local.zone).isoformat()
    except (ValueError, OverflowError):
        return Refusal("date_invalid", field, visit.local.gettext("This is no day."),
                       visit.local.gettext("Pick it from the calendar."))  # fmt: skip


async def meant(visit: Visit, field: str) -> str | Refusal:
    """The id of the one member whom a text names: by a card, a phone, an address, an id."""
    text = visit.form.get(field)
    found = await visit.ask("member.search", body={"text": text, "limit": 3}) if text else None
    if isinstance(found, Refusal):
        return replace(found, field=field)
    ids = {str(each.member.member_id) for each in found.items} if found is not None else set()
    if len(ids) == 1:
        return ids.pop()
    gettext = visit.local.gettext
    if ids:
        why, cure = gettext("Several members fit this."), gettext("Type a card or a phone in full.")
    else:
        why = gettext("Nobody fits this.")
        cure = gettext("Check it digit by digit, or search for the member first.")
    return Refusal("member_unknown", field, why, cure)
