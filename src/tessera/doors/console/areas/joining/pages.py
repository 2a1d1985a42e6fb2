"""Joining campaigns: who came by each, what a joiner cost, its link and its QR code."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import File, Menu, Page, Shown, View
from tessera.doors.web.pictures import qr, svg
from tessera.doors.web.visit import Visit

PATH, WAY = "/console/joining", "/console/joining/way"
_JOIN = "/m/join"


async def show(visit: Visit) -> Shown:
    """Every campaign of the program, and who came by none; the dearest joiner first."""
    found = await visit.ask("joining.report")
    if isinstance(found, Refusal):
        return found
    named = [each for each in found.campaigns if each.source]
    joined = sum(each.joiners for each in found.campaigns)
    terms = visit.house.shop().program.enrolment
    return View("joining/list.html", {
        "campaigns": named, "joined": joined, "currency": found.currency,
        "alone": joined - sum(each.joiners for each in named),
        "open_": terms.open, "declared": bool(terms.sources),
    })  # fmt: skip


async def show_way(visit: Visit) -> Shown:
    """The address that names a campaign, and the same as a code to be photographed."""
    source = visit.query.get("source", "")
    terms = visit.house.shop().program.enrolment
    named = terms.sources
    if source and source not in named:
        _ = visit.local.gettext
        return Refusal("source_unknown", "source", _("The program knows no such campaign."),
                       _("Go back to the list."))  # fmt: skip
    said = f"?{urlencode({'source': source})}" if source else ""
    site = visit.house.plan.entrance.site
    address = f"{site.origin}{_JOIN}{said}"
    picture = qr(address)
    if visit.query.get("file") == "svg":
        alone = svg(picture, address, "60mm")
        return File(alone, "image/svg+xml", f"join-{source or 'us'}.svg")
    told: dict[str, Any] = {
        "source": source, "name": (named[source].name or source) if source else "",
        "address": address, "picture": picture, "file": visit.here(file="svg"),
        "only_here": site.host == "localhost", "open_": terms.open,
    }  # fmt: skip
    return View("joining/way.html", told)


PAGES: tuple[Page, ...] = (
    Page(
        name="joining.joining", path=PATH, show=show, title=N_("Joining"),
        purpose=N_("Where members come from and what one costs; a link and a QR code for each."),
        needs=("joining.report",), menu=Menu("work", 62, N_("Joining"), "link"),
    ),
    Page(
        name="joining.way", path=WAY, show=show_way, title=N_("Link and QR code"),
        purpose=N_("For a poster, a leaflet, a slip or a message: whoever opens it joins."),
        needs=("joining.report",),
    ),
)  # fmt: skip
