"""A shop's colours: what could not be read is refused with its figure, all else is read well."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.base.colour import BLACK, WHITE, contrast_x100, mixed, readable
from tessera.doors.web.theme import theme
from tessera.program.core import Reader, starter
from tessera.rules import conditions, mechanics
from tessera.rules.core.brand import DARK, LEAST_X100, LIGHT, Brand, brand_faults
from tessera.rules.core.words import Program

COLOURS = st.integers(0, 2**24 - 1).map(lambda n: f"#{n:06x}")
READER = Reader(mechanics.shelf(), conditions.shelf())
PAIRS = [  # WCAG's own arithmetic, as checkers of contrast tell it
    ("#ffffff", "#000000", 2100), ("#777777", "#ffffff", 447), ("#767676", "#ffffff", 454),
    ("#0000ff", "#ffffff", 859), ("#ff0000", "#ffffff", 399),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "x100"), PAIRS)
def test_contrast_is_the_standard_s(one, other, x100):
    assert contrast_x100(one, other) == contrast_x100(other, one) == x100


@given(COLOURS, COLOURS)
def test_contrast_has_its_bounds_and_mixtures_their_ends(one, other):
    assert 100 <= contrast_x100(one, other) <= 2100
    assert contrast_x100(one, one) == 100
    assert mixed(one, other, 0) == one and mixed(one, other, 100) == other


@given(COLOURS, st.sampled_from([WHITE, BLACK, LIGHT, DARK]))
def test_a_colour_can_be_made_readable_and_a_readable_one_stays(colour, on):
    found = readable(colour, on, LEAST_X100)
    assert contrast_x100(found, on) >= LEAST_X100
    if contrast_x100(colour, on) >= LEAST_X100:
        assert found == colour


def tokens(brand: Brand) -> list[dict[str, str]]:
    """The tokens of each rule of the theme: light, dark."""
    made = theme(Program(name="x", currency="EUR", rules=(), brand=brand)).decode()
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", rule)) for rule in made.splitlines()]


@given(COLOURS)
def test_whatever_is_accepted_is_read_wherever_it_stands(colour):
    brand = Brand(colour=colour)
    if list(brand_faults(brand)):
        return
    light, dark = tokens(brand)
    for found, pages in ((light, (WHITE, "#f6f7f9", LIGHT)), (dark, ("#0f1216", "#171b21", DARK))):
        for page in (*pages, found["soft"]):
            assert contrast_x100(found["brand"], page) >= LEAST_X100, (page, found)
        for each in ("brand", "brand-deep"):
            assert contrast_x100(found["on-brand"], found[each]) >= LEAST_X100, (each, found)


@given(COLOURS)
def test_what_is_refused_comes_with_its_figure_and_one_that_will_do(colour):
    for field, why, cure in brand_faults(Brand(colour=colour)):
        figure = int(re.findall(r"is (\d+)\.\d\d to 1", why)[0])
        assert field == "colour" and figure < 5
        near = re.findall(r"#[0-9a-f]{6}", cure)[0]
        assert not list(brand_faults(Brand(colour=near)))


def test_the_program_refuses_it_at_its_place():
    body = starter("EUR") | {"brand": {"name": "Verde", "colour": "#ffcc00"}}
    _, faults = READER.examine(body, 1)
    assert [(each.path, each.why) for each in faults] == [
        ("brand.colour", "on light pages the contrast of #ffcc00 is 1.35 to 1")
    ]
    _, faults = READER.examine(body | {"brand": {"colour": "red"}}, 1)
    assert [each.path for each in faults] == ["brand.colour"]
    program, faults = READER.examine(body | {"brand": {"colour": "#1d4ed8", "mark": "BV"}}, 1)
    assert faults == [] and program is not None and program.brand.mark == "BV"


def test_without_colours_there_is_no_theme_and_forced_colours_win():
    assert tokens(Brand(name="Verde")) == []
    made = theme(Program(name="x", currency="EUR", rules=(), brand=Brand(colour="#1d4ed8")))
    assert all(b"forced-colors: none" in line for line in made.splitlines())
