"""Laws of the forms of rules: form, text and form again are the same rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support import trees
from support.sheets import sent
from tessera.doors.console.areas.rules.boxes import sheet_of, walk
from tessera.doors.console.areas.rules.reading import rule_of
from tessera.program.core import Reader
from tessera.program.core.kinds import kinds_of
from tessera.program.core.marked import marked
from tessera.program.core.scenario import blocks, parse
from tessera.program.core.text import read_text
from tessera.program.core.writing import rule_text
from tessera.program.files import read_directory
from tessera.rules import conditions, mechanics
from tessera.rules.core.basket import Goods
from tessera.rules.core.filling import Filler
from tessera.rules.core.prizes import Prize
from tessera.rules.core.settings import Cap, Sample

READER = Reader(mechanics.shelf(), conditions.shelf())
KINDS = kinds_of(READER)
EXAMPLES = sorted(
    path.parent for path in Path(__file__).parents[2].glob("examples/**/program.yaml")
)
SCENARIOS = [
    rule
    for module in mechanics.shelf().values()
    for block in blocks(module.SCENARIOS)
    for rule in parse(block).rules
]


def meant(rule: dict[str, Any], numbers: dict[str, Any] | None = None) -> Any:
    """The rule as the program reads it, with the numbers it names; its faults where it has any."""
    filler = Filler(READER.conditions, numbers or {})
    kind = READER.mechanics.get(str(rule.get("mechanic")))
    if kind is None:
        return rule
    made = filler.fill(kind, rule, "", skip=("mechanic",))
    return made if made is not None else sorted(each.why for each in filler.faults)


def kept(rule: dict[str, Any], numbers: dict[str, Any] | None = None) -> dict[str, Any]:
    """The rule after a form, a text and a form; asserts that each time it is the same rule."""
    first = rule_of(sent(sheet_of(rule, KINDS)), KINDS)
    assert meant(first, numbers) == meant(rule, numbers)
    text = rule_text(first, READER.mechanics)
    read = marked("rule.yaml", text.encode())
    assert not read.mistakes, text
    assert meant(read.data, numbers) == meant(rule, numbers)
    second = rule_of(sent(sheet_of(read.data, KINDS)), KINDS)
    assert second == first, "written once by a form, it is not written otherwise again"
    return first


@pytest.mark.parametrize("rule", SCENARIOS, ids=lambda rule: rule["mechanic"])
def test_every_scenario_s_rule_is_kept(rule):
    kept(rule)


@pytest.mark.parametrize("place", EXAMPLES, ids=lambda place: place.name)
def test_every_rule_of_the_examples_is_kept(place):
    read = read_text(read_directory(place), READER)
    assert read.program is not None and read.body is not None
    for rule in read.body["rules"]:
        kept(rule, read.body.get("numbers"))


@pytest.mark.parametrize("code", sorted(READER.conditions))
def test_every_example_of_a_condition_is_kept_and_has_a_control_for_each_field(code):
    told = KINDS.condition(code)
    assert told is not None
    rule = {"id": "x", "mechanic": "multiplier", "times_x100": 200, "when": {code: told.example}}
    sheet = sheet_of(rule, KINDS)
    (leaf,) = [branch for branch in walk(sheet.tree) if not branch.group]
    assert leaf.kind == code and not leaf.raw and not leaf.other
    kept(rule)


def in_data(tree: Any) -> Any:
    """A tree as a program's text has it."""
    parts = [in_data(part) for part in tree.parts()]
    if tree.code in ("all", "any"):
        return {tree.code: parts}
    if tree.code == "not":
        return {"not": parts[0]}
    data = msgspec.json.decode(msgspec.json.encode(tree))
    return {tree.code: {name: value for name, value in data.items() if name != "condition"}}


@settings(max_examples=300, deadline=None)
@given(trees.TREES)
def test_every_tree_is_kept(tree):
    data = in_data(tree)
    assert Filler(READER.conditions).tree(data, "") == tree
    rule = {"id": "x", "mechanic": "fixed_points", "points": 5, "when": data}
    assert meant(kept(rule)).when == tree


CAPS = st.lists(trees.data_of(Cap), max_size=2)
RULES = st.fixed_dictionaries(
    {
        "id": st.sampled_from(trees.NAMES), "mechanic": st.just("birthday_gift"),
        "prize": trees.data_of(Prize),
    },
    optional={
        "name": st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=9),
        "priority": st.integers(-1000, 1000),
        "stores": st.lists(st.sampled_from("AB, "), max_size=3),
        "sample": trees.data_of(Sample), "caps": CAPS, "hidden": st.booleans(),
        "starts": trees.DAYS.map(str), "days_after": st.sampled_from([0, 3, "$days", "x"]),
    },
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(RULES)
def test_every_field_of_a_rule_is_kept(rule):
    kept(rule, {"days": 7})


@settings(max_examples=200, deadline=None)
@given(trees.data_of(Goods), st.sampled_from(["price_minor", "price"]), st.integers(0, 10**6))
def test_goods_and_money_are_kept(goods, name, amount):
    for value in (amount, str(amount), f"{amount}.5", "$price"):
        kept({"id": "x", "mechanic": "fixed_price", name: value, "of": goods}, {"price": 3})


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = ["points", "per_minor", "per", "of", "caps", "when", "sample", "hidden", "starts", "odd"]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), ANY, max_size=4))
def test_whatever_stands_in_a_rule_a_form_of_it_can_be_made(data):
    rule = {"id": "x", "mechanic": "base_rate", **data}
    again = rule_of(sent(sheet_of(rule, KINDS)), KINDS)
    sheet_of(again, KINDS)
    wrong = meant(rule)
    if not isinstance(wrong, list):
        assert meant(again) == wrong


def test_numbers_by_name_stay_names():
    rule = {
        "id": "x", "mechanic": "fixed_price", "price": "$dear", "units": "$three",
        "of": {"skus": ["$what"]}, "when": {"receipt_total": {"at_least_minor": "$least"}},
    }  # fmt: skip
    first = rule_of(sent(sheet_of(rule, KINDS)), KINDS)
    assert first == rule | {"of": {"skus": ["$what"]}}
