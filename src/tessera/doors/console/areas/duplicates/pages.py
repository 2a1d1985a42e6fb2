"""The queue of members who may be one person: evidence side by side, and a verdict."""

from __future__ import annotations

from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import LIST, at_field
from tessera.doors.console.areas.members.merging import MERGED
from tessera.doors.language.words import N_
from tessera.doors.till.duplicates import Alike, LikelyPair
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

HERE = "/console/duplicates"
PER_PAGE = 10
FIELDS = {
    "given": N_("Given name"), "family": N_("Family name"), "born": N_("Birthday"),
    "phone": N_("Phone"), "email": N_("E-mail"), "street": N_("Street"),
    "house_number": N_("House number"), "building": N_("Building"), "postcode": N_("Postcode"),
    "city": N_("City"), "region": N_("Region"), "place": N_("Address"),
}  # fmt: skip
SAYS = {
    "same": (N_("the same"), "good"), "near": (N_("a typing error apart"), "good"),
    "swapped": (N_("given and family name swapped"), "good"), "far": (N_("somewhat alike"), "warn"),
    "some": (N_("partly the same"), "warn"), "different": (N_("different"), "bad"),
}  # fmt: skip
APART = N_("Noted: two people. They are not offered again.")


async def show(visit: Visit) -> Shown:
    """Pairs that wait for a verdict, the surest first."""
    cursor = visit.query.get("cursor")
    page = await visit.ask("duplicate.list", query={"cursor": cursor, "limit": PER_PAGE})
    if isinstance(page, Refusal):
        return page
    return View("duplicates/list.html", {
        "pairs": [_beside(visit, pair) for pair in page.items], "fields": FIELDS, "says": SAYS,
        "stays": _stays, "members_at": LIST,
        "next": visit.here(cursor=page.next) if page.next else "",
        "first": visit.here(cursor=None) if cursor else "",
    })  # fmt: skip


def _beside(visit: Visit, pair: LikelyPair) -> dict[str, Any]:
    """A pair with what may be shown of both, field beside field."""
    gettext = visit.local.gettext
    rows = [
        (gettext("Full name"), [each.name or gettext("Name unknown") for each in pair.members]),
        (gettext("Year of birth"), [str(each.born_year or "\N{EN DASH}") for each in pair.members]),
        (gettext("Cards and contacts"), [_held(visit, each) for each in pair.members]),
    ]
    return {"pair": pair, "rows": rows}


def _stays(pair: LikelyPair) -> list[tuple[str, str]]:
    """Both members, for a select."""
    return [(str(each.member_id), each.name or str(each.member_id)[:8]) for each in pair.members]


def _held(visit: Visit, each: Alike) -> list[str]:
    """What names somebody, a line each."""
    return [visit.local.spaced(number) for number in each.identifiers]


async def same(visit: Visit) -> Shown:
    """One person: merged, with whatever a merge asks for."""
    body = visit.body(reason="same_reason", into="into")
    path = {"pair_id": visit.form.get("pair_id")}
    done = await visit.ask("duplicate.same", path=path, body=body)
    member = getattr(done, "member_id", None)
    onward = f"{LIST}/{member}/merges" if member and visit.may("member.merges") else HERE
    return visit.done(at_field(done, "same_"), onward, MERGED)


async def different(visit: Visit) -> Shown:
    """Two people, for ever."""
    body = {"reason": visit.form.get("different_reason")}
    path = {"pair_id": visit.form.get("pair_id")}
    done = await visit.ask("duplicate.different", path=path, body=body)
    return visit.done(at_field(done, "different_"), HERE, APART)


PAGES: tuple[Page, ...] = (
    Page(
        name="duplicates.list", path=HERE, show=show, title=N_("Duplicates"),
        purpose=N_("Members who may be one person, the surest pair first. You decide."),
        needs=("duplicate.list",), acts={"same": same, "different": different},
        menu=Menu("work", 22, N_("Duplicates"), "people"),
    ),
)  # fmt: skip
