"""How the shop looks on every page: its name, its colour, the language it begins with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.colour import contrast_x100, readable
from tessera.base.text import Name

LEAST_X100 = 450  # what is read must differ so much from what it stands on (WCAG AA)
# What a brand's colour stands on in the pages' own tokens: the darkest light, the lightest dark.
LIGHT, DARK = "#f1f3f5", "#1f252d"
Colour = Annotated[str, Meta(pattern=r"^(#[0-9a-f]{6})?\Z")]


class Brand(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the shop looks. What is left empty looks as Tessera does.

    name         as people call the shop
    mark         one to three letters that stand for it where there is little room
    colour       `#rrggbb`, of links and buttons on light pages; white is written on it
    colour_dark  the same on dark pages; left empty, `colour` made light enough
    language     of pages for readers whose browser asks for none of ours
    """

    name: Name = ""
    mark: Annotated[str, Meta(max_length=3, pattern=r"^[^\x00-\x20\x7f]*\Z")] = ""
    colour: Colour = ""
    colour_dark: Colour = ""
    language: Literal["en", "it", "pl", "ru", "zh"] = "en"


def brand_faults(brand: Brand) -> Iterator[tuple[str, str, str]]:
    """(field, why, cure) of each colour that could not be read."""
    for field, on in (("colour", LIGHT), ("colour_dark", DARK)):
        colour = getattr(brand, field)
        found = contrast_x100(colour, on) if colour else LEAST_X100
        if found >= LEAST_X100:
            continue
        near, figure = readable(colour, on, LEAST_X100), ratio(found)
        why = (
            f"on light pages the contrast of {colour} is {figure} to 1"
            if field == "colour"
            else f"on dark pages the contrast of {colour} is {figure} to 1"
        )
        yield field, why, f"at least 4.5 to 1 is needed: {near} is near to it"


def ratio(x100: int) -> str:
    """A contrast as people write it: 4.50."""
    return f"{x100 // 100}.{x100 % 100:02d}"
