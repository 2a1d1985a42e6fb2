"""What the cashier reads of a rule, where one and many or a rule and its limit differ."""

from __future__ import annotations

import pytest

from support.directory import READER
from tessera.program.core.scenario import line_of
from tessera.rules.core.engine import settle
from tessera.rules.core.facts import Facts
from tessera.rules.core.telling import tell_effects, tell_silent

UNIT = {"mechanic": "fixed_points", "points": 50, "per": "unit", "of": {"skus": ["WINE"]}}
PRICE = {"mechanic": "fixed_price", "price_minor": 500, "of": {"skus": ["WINE"]}}
NTH = {"mechanic": "every_nth_free", "product": "WINE", "n": 2}
CHEAP = {"mechanic": "cheapest_item", "percent": 50, "units": 2}
RATE = {"mechanic": "base_rate", "points": 1, "per_minor": 1000}
SET = {
    "mechanic": "bundle", "price_minor": 1000,
    "parts": [{"of": {"skus": ["WINE"]}, "units": 1}, {"of": {"skus": ["HAM"]}, "units": 1}],
}  # fmt: skip
TOLD = [
    (UNIT, "WINE 1 x 8.90", "+50 points", "50 points"),
    (UNIT, "WINE 2 x 8.90", "+100 points: 2 x 50", "100 points"),
    (PRICE | {"units": 2}, "WINE 2 x 8.90", "WINE: 2 for 5.00 EUR, 12.80 EUR less",
     "2 for 5.00 EUR"),
    (PRICE | {"units": 1}, "WINE 2 x 8.90", "WINE: 5.00 EUR each, 7.80 EUR less",
     "5.00 EUR each"),
    (NTH, "WINE 2 x 8.90", "1 unit of WINE free", "1 x WINE free"),
    (NTH, "WINE 4 x 8.90", "2 units of WINE free", "2 x WINE free"),
    (NTH | {"percent": 50}, "WINE 2 x 8.90", "50 % off 1 unit of WINE", "50 % off 1"),
    (CHEAP, "WINE 2 x 8.90", "50 % off 1 unit of WINE: 4.45 EUR", "50 % off one"),
    (SET, "WINE 1 x 8.01, HAM 1 x 2.00", "1 set: 0.01 EUR less", "1 set"),
    (RATE, "WINE 1 x 10.00", "+1 point: 1 for every 10.00 EUR", "1 point"),
]  # fmt: skip
LACKING = [
    (SET, "WINE 1 x 8.00, HAM 1 x 2.00", "already_cheaper", 0),
    (PRICE | {"units": 2}, "WINE 2 x 2.50", "already_cheaper", 0),
    (CHEAP, "WINE 1 x 8.90", "units_short", 1),
    (NTH, "WINE 1 x 8.90", "units_short", 1),
    (RATE, "WINE 1 x 9.99", "spend_short", 1),
]


def told(rule, buys):
    """(screen, slip) of what it gives, (code, lacking) of what was missing."""
    body = {"name": "Any", "currency": "EUR", "rules": [{"id": "it", **rule}]}
    program, faults = READER.examine(body, 1)
    assert program is not None, faults
    lines = [line_of(part.strip()) for part in buys.split(",")]
    story = settle(lines, Facts(True, True, 0, None), program)
    given = [(e.screen, e.slip) for e in tell_effects(story.effects, "EUR", staff=True)]
    return given, [(s.code, s.lacking) for s in tell_silent(story.silent, "EUR", staff=True)]


@pytest.mark.parametrize(("rule", "buys", "screen", "slip"), TOLD)
def test_a_rule_says_what_it_gave(rule, buys, screen, slip):
    assert told(rule, buys) == ([(screen, slip)], [])


@pytest.mark.parametrize(("rule", "buys", "code", "lacking"), LACKING)
def test_a_rule_says_what_it_lacks(rule, buys, code, lacking):
    assert told(rule, buys) == ([], [(code, lacking)])
