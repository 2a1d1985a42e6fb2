"""Members found by anything, listed, registered."""

from __future__ import annotations

from typing import Any

from babel import Locale
from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import KINDS, LIST, STATUS, called, card_of, is_gone
from tessera.doors.console.areas.members.telling import consent_called
from tessera.doors.language.words import LANGUAGES, N_
from tessera.doors.till.finding import FoundMember
from tessera.doors.till.membership import MemberView
from tessera.doors.web.page import See, Shown, View
from tessera.doors.web.visit import Visit

PER_PAGE = 25
ORDERS: dict[str, str] = {
    "lately": N_("Lately here"), "joined": N_("Newest members"),
    "unregistered": N_("Cards not registered"), "blocked": N_("Blocked cards"),
}  # fmt: skip
BY = {
    "id": N_("number"), "card": N_("card"), "phone": N_("phone"), "email": N_("e-mail"),
    "external": N_("external id"), "receipt": N_("receipt"), "name": N_("name"),
}  # fmt: skip
REGISTERED = N_("The member is registered.")


class Row(Struct, frozen=True):
    """A line of a list. `href`: the card, or the receipt that was found."""

    name: str
    href: str
    card: Any
    contacts: list[str]
    member: MemberView
    by: str
    gone: bool


async def show(visit: Visit) -> Shown:
    """What was looked for, or a list."""
    text = visit.query.get("q", "").strip()[:200]
    if text and visit.may("member.search"):
        return await _found(visit, text)
    return await _listed(visit, text)


async def _found(visit: Visit, text: str) -> Shown:
    body = {"text": text, "limit": PER_PAGE}
    if visit.query.get("cursor"):
        body["cursor"] = visit.query["cursor"]
    found = await visit.ask("member.search", body=body)
    if isinstance(found, Refusal):
        return found
    rows = [_row(visit, each.member, each) for each in found.items]
    alone = len(rows) == 1 and found.next is None and "cursor" not in visit.query
    if alone and rows[0].by != "name":
        return See(rows[0].href)
    return View("members/list.html", _values(visit, rows, found.next) | {"text": text})


async def _listed(visit: Visit, text: str) -> Shown:
    order = visit.query.get("order", "lately")
    order = order if order in ORDERS else "lately"
    if not visit.may("member.list"):
        return View("members/list.html", _values(visit, [], None) | {"text": text})
    query = {"order": order, "cursor": visit.query.get("cursor"), "limit": PER_PAGE}
    page = await visit.ask("member.list", query=query)
    if isinstance(page, Refusal):
        return page
    rows = [_row(visit, member) for member in page.items]
    more = {"order": order, "about": page.about, "exact": page.exact, "text": text}
    return View("members/list.html", _values(visit, rows, page.next) | more)


def _values(visit: Visit, rows: list[Row], more: str | None) -> dict[str, Any]:
    tabs = [(f"{LIST}?order={order}", visit.local.gettext(label), order)
            for order, label in ORDERS.items()] if visit.may("member.list") else []  # fmt: skip
    return {
        "rows": rows, "by": BY, "statuses": STATUS, "order": "", "about": None, "exact": False,
        "lists": tabs, "next": visit.here(cursor=more) if more else "",
        "first": visit.here(cursor=None) if visit.query.get("cursor") else "",
    }  # fmt: skip


def _row(visit: Visit, member: MemberView, found: FoundMember | None = None) -> Row:
    href = f"{LIST}/{member.member_id}"
    if found is not None and found.receipt_id is not None and visit.may("receipt.history"):
        href += f"/receipts?only={found.receipt_id}#r-{found.receipt_id}"
    contacts = [each.value for each in member.identifiers if each.kind in ("phone", "email")]
    return Row(
        called(visit, member), href, card_of(member), contacts, member,
        found.by if found else "", is_gone(member),
    )  # fmt: skip


# Registering -------------------------------------------------------------------------------------


async def show_new(visit: Visit) -> Shown:
    """The form for a new member, and who may be that one already."""
    near = await _near(visit) if visit.posted and visit.may("duplicate.near") else []
    terms = visit.house.shop().program
    return View("members/new.html", {
        "kinds": KINDS, "spoken": LANGUAGES, "near": near, "purposes": terms.consents.purposes,
        "sources": terms.enrolment.sources, "country": _country(visit, terms.enrolment.country),
        "about": lambda purpose, channel: consent_called(visit, purpose, channel),
    })  # fmt: skip


def _country(visit: Visit, code: str) -> str:
    """A country as the reader calls it; "" for none."""
    return str(Locale.parse(visit.local.language).territories.get(code, code))


async def _near(visit: Visit) -> list[Any]:
    """Members who look like the one that is typed."""
    said = visit.body(given_name="given_name", family_name="family_name", born_on="born_on")
    named = [
        {"kind": kind, "value": visit.form.get(kind)}
        for kind in ("phone", "email") if visit.form.get(kind)
    ]  # fmt: skip
    if not said and not named:
        return []
    found = await visit.ask("duplicate.near", body={**said, "identifiers": named})
    return [] if isinstance(found, Refusal) else found.items


async def register(visit: Visit) -> Shown:
    """A person joins. Who looks like a member is asked about once."""
    named = [
        {"kind": kind, "value": _typed(visit, kind)} for kind in KINDS if visit.form.get(kind)
    ]  # fmt: skip
    if not named:
        why = visit.local.gettext("A member needs a card, a phone, an e-mail or an id.")
        cure = visit.local.gettext("Type at least one of them.")
        return Refusal("identifier_missing", "card", why, cure)
    if visit.form.get("sure") != "1" and visit.may("duplicate.near") and await _near(visit):
        why = visit.local.gettext("Somebody like this is a member already.")
        cure = visit.local.gettext("Compare below; register only if it is another person.")
        return Refusal("member_alike", "", why, cure)
    body = {"identifiers": named, **visit.body(
        given_name="given_name", family_name="family_name", born_on="born_on",
        language="spoken", source="source",
    )}  # fmt: skip
    agreed = [tuple(each.split("/", 1)) for each in visit.form.all("agreed") if "/" in each]
    if agreed:
        body["consents"] = [
            {"purpose": purpose, "channel": channel, "given": True} for purpose, channel in agreed
        ]
        body["proof"] = visit.form.get("proof")
    done = await visit.ask("member.register", body=body)
    if isinstance(done, Refusal) and done.field.startswith("identifiers["):
        at = int(done.field[len("identifiers[")])
        return Refusal(done.code, named[at]["kind"], done.why, done.cure)
    if isinstance(done, Refusal):
        return done
    return See(f"{LIST}/{done.member_id}", REGISTERED)


def _typed(visit: Visit, kind: str) -> str:
    """What was typed; a card's number is written in groups."""
    text = visit.form.get(kind)
    return "".join(text.split()) if kind == "card" else text
