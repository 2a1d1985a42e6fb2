"""The shop's own tokens: a small file of CSS after the pages' own, made from the program."""

from __future__ import annotations

from functools import lru_cache

from tessera.base.colour import BLACK, WHITE, contrast_x100, mixed, readable
from tessera.rules.core.brand import DARK, LEAST_X100, LIGHT, Brand
from tessera.rules.core.words import Program

SURFACE_DARK = "#171b21"
_INK = "#06100e"  # what is written on a light colour
_SOFT = range(14, -1, -2)  # percent of the colour in what is softly marked


def theme(program: Program) -> bytes:
    """The tokens as CSS; b"" for a program without colours of its own.

    Where a reader forces colours of his own, these say nothing.
    """
    return _theme(program.brand)


@lru_cache(maxsize=16)
def _theme(brand: Brand) -> bytes:
    if not (brand.colour or brand.colour_dark):
        return b""
    dark = brand.colour_dark or readable(brand.colour, DARK, LEAST_X100 + 150)
    rules = [("(forced-colors: none) and (prefers-color-scheme: dark)", _dark(dark))]
    if brand.colour:
        rules.insert(0, ("(forced-colors: none)", _light(brand.colour)))
    return "".join(
        f"@media {media} {{ :root {{ {told} }} }}\n" for media, told in rules
    ).encode()  # fmt: skip


def _light(colour: str) -> str:
    return _told(colour, mixed(colour, BLACK, 20), _written_on(colour), _soft(colour, WHITE, LIGHT))


def _dark(colour: str) -> str:
    soft = _soft(colour, SURFACE_DARK, DARK)
    return _told(colour, mixed(colour, WHITE, 25), _written_on(colour), soft)


def _told(brand: str, deep: str, on: str, soft: str) -> str:
    return f"--brand: {brand}; --brand-deep: {deep}; --on-brand: {on}; --soft: {soft};"


def _written_on(colour: str) -> str:
    """White or ink, whichever is read better: one of them always is read well."""
    return max((WHITE, _INK), key=lambda each: contrast_x100(each, colour))


def _soft(colour: str, surface: str, otherwise: str) -> str:
    """A surface with as much of the colour as leaves the colour itself readable on it."""
    tried = (mixed(surface, colour, percent) for percent in _SOFT)
    fine = (each for each in tried if contrast_x100(colour, each) >= LEAST_X100)
    return next(fine, otherwise)
