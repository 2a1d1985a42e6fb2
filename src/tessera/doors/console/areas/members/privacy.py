"""Personal data: shown for a reason, taken along, erased, and who has seen it."""

from __future__ import annotations

from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import KINDS, at_field, head
from tessera.doors.language.words import N_
from tessera.doors.till.privacy import Revealed
from tessera.doors.web.page import File, Shown, View
from tessera.doors.web.visit import Visit

FIELDS = {
    "name": N_("Full name"), "born_on": N_("Birthday"),
    "identifiers": N_("Cards, phones, addresses and ids"), "attributes": N_("Attributes"),
}  # fmt: skip
SEEN = FIELDS | {
    "export": N_("Everything, as an export"), "as_it_came": N_("Rows or a call as they came in"),
}  # fmt: skip
ERASED = N_("The person is erased. Points and receipts stay under a number.")
PER_PAGE = 30


async def show(visit: Visit) -> Shown:
    """Forms, and for those who may know it who saw this member's data."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    sights: dict[str, Any] = {"sights": None, "next": "", "first": ""}
    if visit.may("member.sights"):
        cursor = visit.query.get("cursor")
        page = await visit.ask(
            "member.sights", path={"member_id": known["member"].member_id},
            query={"cursor": cursor, "limit": PER_PAGE},
        )  # fmt: skip
        if isinstance(page, Refusal):
            return page
        sights = {
            "sights": page.items,
            "next": visit.here(cursor=page.next) if page.next else "",
            "first": visit.here(cursor=None) if cursor else "",
        }
    return View("members/privacy.html", known | sights | {
        "fields": FIELDS, "revealed": None, "kinds": KINDS,
        "second": "erasure" in known["program"].approvals,
        "saw": lambda fields: visit.local.listed(
            [visit.local.gettext(SEEN.get(each, each)) for each in fields]
        ),
    })  # fmt: skip


def _me(visit: Visit) -> dict[str, str]:
    return {"member_id": visit.words["member_id"]}


async def reveal(visit: Visit) -> Shown:
    """The fields that are ticked, in full, on this one answer and never again."""
    body = {"fields": visit.form.all("fields"), "reason": visit.form.get("reveal_reason")}
    told = await visit.ask("member.reveal", path=_me(visit), body=body)
    if isinstance(told, Refusal):
        return at_field(told, "reveal_")  # type: ignore[no-any-return]
    assert isinstance(told, Revealed)
    shown = await show(visit)
    if isinstance(shown, View):
        return View(shown.template, {**shown.values, "revealed": told}, shown.status)
    return shown


async def export(visit: Visit) -> Shown:
    """Everything that is held, as a file."""
    form = "page" if visit.form.get("export_form") == "page" else "data"
    body = {"reason": visit.form.get("export_reason"), "form": form}
    told = await visit.ask("member.export", path=_me(visit), body=body)
    if isinstance(told, Refusal):
        return at_field(told, "export_")  # type: ignore[no-any-return]
    if told.told_before:
        why = visit.local.gettext("This export was fetched before.")
        return Refusal("told_before", "", why, visit.local.gettext("Ask for it anew."))
    name = f"member-{told.member_id}"
    if form == "page":
        return File(told.page.encode(), "text/html; charset=utf-8", f"{name}.html")
    held = msgspec.json.format(msgspec.json.encode(told.held), indent=1)
    return File(held, "application/json", f"{name}.json")


async def erase(visit: Visit) -> Shown:
    """The person goes, the number stays."""
    done = await visit.ask("member.erase", path=_me(visit), body=visit.body(reason="erase_reason"))
    return visit.done(at_field(done, "erase_"), visit.path, ERASED)


ACTS = {"reveal": reveal, "export": export, "erase": erase}
