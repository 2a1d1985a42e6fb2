"""What settings refuse: values of attributes and events, rules too many or at odds."""

from __future__ import annotations

from typing import Any

import pytest

from support.directory import READER
from tessera.rules.core.conditions import MAX_DEPTH, MAX_NODES
from tessera.rules.core.filling import Filler
from tessera.rules.core.settings import Attribute, EventType, Field

DAY, CHOICE = Attribute(type="date"), Attribute(type="choice", values=("f", "m"))
SURVEY = EventType(fields={"score": Field(type="integer", least=0, most=10),
                           "why": Field(required=False)})  # fmt: skip


@pytest.mark.parametrize(
    ("value", "good"),
    [("2026-02-07", True), ("2026-2-7", False), ("20260207", False), ("2026-02-30", False),
     ("", False), (20260207, False), (True, False)],
)  # fmt: skip
def test_a_date_is_written_in_one_way(value, good):
    assert (DAY.fault(value) == "") is good


@pytest.mark.parametrize(("value", "good"), [("f", True), ("x", False), ("", False), (1, False)])
def test_a_choice_is_one_of_its_values(value, good):
    assert (CHOICE.fault(value) == "") is good


@pytest.mark.parametrize(
    ("data", "field"),
    [({"score": 0}, None), ({"score": 10, "why": "it was good"}, None), ({"score": 11}, "score"),
     ({"score": -1}, "score"), ({"score": True}, "score"), ({"score": "9"}, "score"),
     ({}, "score"), ({"score": 1, "why": 3}, "why"), ({"score": 1, "who": "me"}, "who")],
)  # fmt: skip
def test_an_event_names_the_first_field_that_is_wrong(data, field):
    fault = SURVEY.fault(data)
    assert (fault and fault[0]) == field


def nested(depth: int):
    tree: dict[str, Any] = {"store": "S1"}
    for _ in range(depth - 1):
        tree = {"not": tree}
    return tree


@pytest.mark.parametrize("more", [0, 1])
def test_a_tree_is_so_deep_and_so_large_and_no_more(more):
    """One complaint, however far beyond."""
    for tree in (nested(MAX_DEPTH + more), {"any": [{"store": "S1"}] * (MAX_NODES - 1 + more)}):
        filler = Filler(READER.conditions)
        assert (filler.tree(tree, "") is None) is bool(more)
        assert len(filler.faults) == more


@pytest.mark.parametrize("tree", [[], "x", {}, {"store": "S1", "till": "1"}, {"any": []}])
def test_a_condition_has_one_name(tree):
    filler = Filler(READER.conditions)
    assert filler.tree(tree, "") is None and filler.faults


def test_a_percentage_of_each_is_refused():
    rule = {"id": "it", "mechanic": "first_time", "skus": ["A"], "each": True,
            "prize": {"percent": 5}}  # fmt: skip
    body = {"name": "Any", "currency": "EUR", "rules": [rule]}
    assert READER.examine(body, 1)[0] is None
    assert READER.examine({**body, "rules": [rule | {"each": False}]}, 1)[0] is not None
