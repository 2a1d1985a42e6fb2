"""Settings: name and looks, languages."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tessera.base.colour import contrast_x100
from tessera.base.refusal import Refusal
from tessera.doors.console.areas.settings.publishing import Body, publish
from tessera.doors.language.faults import retold
from tessera.doors.language.words import LANGUAGES, N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit
from tessera.rules.core.brand import LIGHT, Brand, ratio

PATH, TONGUES = "/console/settings", "/console/settings/languages"
SAVED = N_("Saved: every page wears it from now on.")
GREEN, GREEN_DARK = "#0f5f53", "#5ec9b4"  # Tessera's own, where a shop has none
_FIELDS = ("name", "mark", "colour", "colour_dark", "language")


# Name and looks ----------------------------------------------------------------------------------


async def show(visit: Visit) -> Shown:
    """The form; after a refusal with what was typed."""
    program = visit.house.shop().program
    brand, typed = program.brand, visit.form
    now = {name: getattr(brand, name) for name in _FIELDS}
    own = {"own_colours": bool(brand.colour), "own_dark": bool(brand.colour_dark)}
    if visit.wrong is not None:
        now |= {name: typed.get(name) for name in _FIELDS}
        own = {name: name in typed for name in own}
    zones = sorted({store.time_zone for store in visit.house.shop().stores.values()})
    return View("settings/settings.html", {
        "now": now, "version": program.version, "green": GREEN, "green_dark": GREEN_DARK,
        "ratio": _ratio(brand.colour or GREEN, LIGHT),
        "zones": zones, "kind": program.currency, "rules": len(program.rules),
        **own,
    })  # fmt: skip


def _ratio(colour: str, on: str) -> Decimal:
    return Decimal(ratio(contrast_x100(colour, on)))


async def save(visit: Visit) -> Shown:
    """Publish the brand as it was typed; the program refuses what could not be read."""
    typed = visit.form
    said = {name: typed.get(name) for name in ("name", "mark", "language")}
    if typed.get("own_colours"):
        said["colour"] = typed.get("colour").lower()
        if typed.get("own_dark"):
            said["colour_dark"] = typed.get("colour_dark").lower()
    answer = await publish(visit, lambda body: with_brand(body, said), "Name and looks")
    if isinstance(answer, Refusal) and answer.code == "program_invalid":
        answer = _figured(answer, visit.local.language)
    return visit.done(answer, PATH, SAVED)


def _figured(refusal: Refusal, language: str) -> Refusal:
    """The mistake itself, with its figure, in the reader's language: the code alone says less."""
    why, cure = (retold(text, language) for text in (refusal.why, refusal.cure))
    return Refusal("brand_invalid", refusal.field, why, cure)


def with_brand(body: Body, said: Mapping[str, str]) -> Body:
    """The program with this brand; what is empty or as it would be anyway is left out."""
    brand = {name: value for name, value in said.items() if value and value != _usual(name)}
    rest = {name: value for name, value in body.items() if name != "brand"}
    return rest | ({"brand": brand} if brand else {})


def _usual(name: str) -> str:
    return str(getattr(Brand(), name))


# Languages ---------------------------------------------------------------------------------------


async def show_languages(visit: Visit) -> Shown:
    """Which languages pages speak, and where each reader's comes from."""
    brand = visit.house.shop().program.brand
    told: list[dict[str, Any]] = [
        {"code": code, "own": own, "first": code == brand.language}
        for code, own in LANGUAGES.items()
    ]
    return View("settings/languages.html", {"told": told, "first": LANGUAGES[brand.language]})


PAGES: tuple[Page, ...] = (
    Page(
        name="settings.settings", path=PATH, show=show, title=N_("Settings"),
        purpose=N_("The shop's name and looks on every page: console, cabinet and cashier."),
        needs=("program.publish",), acts={"save": save},
        menu=Menu("control", 90, N_("Settings"), "settings"),
    ),
    Page(
        name="settings.languages", path=TONGUES, show=show_languages, title=N_("Languages"),
        purpose=N_("Every page speaks five languages; each reader chooses his own."),
        needs=("program.publish",),
    ),
)  # fmt: skip
