"""A coupon of 5.00 that one budget counts when it is given, and again when it is used."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from support.directory import READER
from support.shop import TWO_PERCENT, program
from tessera.program.core.seen import Seen
from tessera.program.core.warnings import warnings_of

GIVE = {
    "id": "sorry",
    "mechanic": "sum_threshold",
    "from_minor": 5000,
    "campaign": "sorry",
    "prize": {"coupon": "SORRY5"},
}
TAKE = {
    "id": "five",
    "mechanic": "amount_off",
    "off_minor": 500,
    "from_minor": 1,
    "coupon": "SORRY5",
}
ALL: dict[str, Any] = {"most_minor": 100_000}
BOTH = {"rules": ["sorry", "five"], "most_minor": 100_000, "name": "Sorry"}
DRAW = {"prizes": [{"item": "SORRY5", "kind": "coupon", "count": 9}], "ends": "2098-01-01"}
TICKETS = {"id": "tickets", "mechanic": "every_x_tickets", "draw": "LUCK", "per_minor": 2000}


def warned(*rules: Any, budget: Any, **more: Any) -> dict[str, str]:
    """{rule: what is said of it}."""
    body = program(
        TWO_PERCENT, *rules, budgets={"b": budget}, coupons={"SORRY5": {"name": "Sorry"}},
        **{"costs": {"SORRY5": 500}, **more},
    )  # fmt: skip
    whole, faults = READER.examine(body, 1)
    assert whole is not None, faults
    found = warnings_of(Seen(body, whole, date(2026, 3, 2)))
    return {each.rule: f"{each.why}; {each.cure}" for each in found if each.code == "counted_twice"}


@pytest.mark.parametrize("budget", [ALL, BOTH, BOTH | {"rules": ["five"], "items": ["SORRY5"]}])
def test_it_is_told_with_the_cure(budget):
    name = budget.get("name", "b")
    assert warned(GIVE, TAKE, budget=budget) == {
        "five": "the coupon SORRY5 costs when it is given and when it is used: the budget "
        f"{name} counts both; take SORRY5 out of `costs`: its use is counted"
    }  # fmt: skip


def test_a_coupon_that_is_drawn_is_given_too():
    assert set(warned(TAKE, TICKETS, budget=ALL, draws={"LUCK": DRAW})) == {"five"}
    assert warned(TAKE, budget=ALL) == {}, "nobody gives it"


def test_what_is_counted_once_is_not_told():
    assert warned(GIVE, TAKE, budget=ALL, costs={}) == {}
    assert warned(GIVE, TAKE, budget={"rules": ["sorry"], "most_minor": 9}) == {}
    assert warned(GIVE, TAKE, budget={"rules": ["five"], "most_minor": 9}) == {}
    assert warned(GIVE, TAKE, budget={"most_pieces": 9}) == {}, "pieces are given once"
    assert warned(GIVE, budget=ALL) == {}
