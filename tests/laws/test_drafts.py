"""Laws of drafts: a rule put into the text, a draft rebased, conditions moved by buttons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tessera.doors.console.areas.rules.boxes import as_json
from tessera.doors.console.areas.rules.moves import moved, parts_of
from tessera.program.core import Reader
from tessera.program.core.kinds import kinds_of
from tessera.program.core.rebasing import rebased
from tessera.program.core.rewriting import (
    comments,
    loses_comments,
    with_head,
    with_new_rule,
    with_rule,
    without_rule,
)
from tessera.program.core.text import read_text
from tessera.program.core.writing import written
from tessera.program.drafts.core import raw
from tessera.rules import conditions, mechanics

READER = Reader(mechanics.shelf(), conditions.shelf())
KINDS = kinds_of(READER)
NAMES = ("a", "b", "c", "d")
RULE = st.fixed_dictionaries(
    {"mechanic": st.just("fixed_points"), "points": st.integers(1, 9)},
    optional={"priority": st.integers(-2, 2), "when": st.just({"weekday": ["sat"]})},
)
RULES = st.dictionaries(st.sampled_from(NAMES), RULE, max_size=4)


def body(rules: dict[str, Any], **head: Any) -> dict[str, Any]:
    listed = [{"id": name, **rule} for name, rule in rules.items()]
    return {"name": "Any", "currency": "EUR", **head, "rules": listed}


def files(of: dict[str, Any]) -> dict[str, str]:
    return written(of, READER.mechanics)


def read(text: dict[str, str]):
    found = read_text(raw(text), READER)
    assert found.body is not None and not found.mistakes, found.mistakes
    return found


@settings(max_examples=80, deadline=None)
@given(RULES, RULE, st.booleans(), st.data())
def test_a_rule_is_put_where_it_was_and_nothing_else_moves(rules, new, one_file, data):
    text = files(body(rules))
    if one_file and rules:  # several rules in one file
        listed = [{"id": name, **rule} for name, rule in rules.items()]
        head = {"program.yaml": text["program.yaml"]}
        text = head | {"rules/0010-all.yaml": "# Kept.\n" + as_json(listed)}
    before = read(text)
    added = with_new_rule(text, {"id": "new", **new}, READER.mechanics)
    assert [rule["id"] for rule in read(added).body["rules"]] == [*rules, "new"]
    assert {name: added[name] for name in text} == text
    for at, place in enumerate(before.rules):
        changed = {"id": place.data["id"], **new}
        put = with_rule(text, place, changed, READER.mechanics)
        wanted = [each.data for each in before.rules]
        wanted[at] = changed
        assert read(put).body["rules"] == wanted
        assert all(put[name] == text[name] for name in text if name != place.file.file)
        assert comments(put[place.file.file]) == comments(text[place.file.file])
        rest = read(without_rule(text, place, READER.mechanics)).body["rules"]
        assert rest == [each.data for i, each in enumerate(before.rules) if i != at]


@settings(max_examples=150, deadline=None)
@given(RULES, RULES, RULES)
def test_what_only_one_side_changed_is_changed_and_what_both_did_stays_mine(old, mine, new):
    base, draft, now = body(old), body(mine), body(new, tolerance_minor=3)
    made = rebased(files(draft), read(files(draft)), base, now, READER.mechanics)
    after = {rule["id"]: rule for rule in read(made.files).body["rules"]}
    olds, mines, news = (
        {rule["id"]: rule for rule in each["rules"]} for each in (base, draft, now)
    )  # fmt: skip
    for name in NAMES:
        was, me, they = olds.get(name), mines.get(name), news.get(name)
        if me == was:
            assert after.get(name) == they
        else:
            assert after.get(name) == me
        assert (name in made.both) == (me != was and they not in (was, me))
    assert read(made.files).body["tolerance_minor"] == 3


@settings(max_examples=80, deadline=None)
@given(RULES, RULES)
def test_rebased_on_its_own_base_or_on_itself_a_draft_stays_as_it_is(old, mine):
    draft = body(mine)
    text = files(draft)
    for base, now in ((body(old), body(old)), (body(old), draft)):
        made = rebased(text, read(text), base, now, READER.mechanics)
        assert (made.files, made.both) == (text, ())


def test_comments_at_the_top_stay_and_others_are_told_of():
    text = files(body({"a": {"mechanic": "fixed_points", "points": 1}}))
    name = "rules/0010-a.yaml"
    top = "# Why there is this rule.\n\n"
    text[name] = top + text[name].replace("points: 1", "points: 1  # cheap")
    assert loses_comments(text[name]) and not loses_comments(top)
    found = read(text)
    same = with_rule(text, found.rules[0], found.rules[0].data, READER.mechanics)
    assert same == text, "nothing is written where it says the same"
    put = with_rule(
        text, found.rules[0], found.rules[0].data | {"points": 2}, READER.mechanics
    )  # fmt: skip
    assert put[name].startswith(top) and "cheap" not in put[name]
    head = with_head(text, found, {"numbers": {"x": 5}})
    assert read(head).body["numbers"] == {"x": 5}
    assert "numbers" not in read(with_head(head, read(head), {"numbers": None})).body


ORDERS = st.tuples(
    st.sampled_from(["add", "group", "drop", "up", "down", "item", "without", "odd"]),
    st.lists(st.integers(0, 3), max_size=3).map(lambda way: "".join(f".{step}" for step in way)),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(ORDERS, max_size=12), st.sampled_from(["all", "any", "none"]))
def test_whatever_is_pressed_a_rule_stays_readable(orders, root):
    """Only groups that are still empty are mistakes."""
    rule: dict[str, Any] = {"id": "x", "mechanic": "fixed_points", "points": 5}
    for what, way in orders:
        name = f"caps{way}" if what in ("item", "without") else f"when{way}"
        moved(rule, f"{what} {name}", "weekday", root, KINDS)
        made, faults = READER.rule(rule)
        assert made is not None or all("list of conditions" in each.why for each in faults), faults


@pytest.mark.parametrize(
    ("when", "order", "after", "focus"),
    [
        (None, "add when", {"weekday": ["sat", "sun"]}, "when.0:kind"),
        ({"channel": "app"}, "add when",
         {"all": [{"channel": "app"}, {"weekday": ["sat", "sun"]}]}, "when.1:kind"),
        ({"all": [{"till": "1"}, {"till": "2"}]}, "drop when.0", {"till": "2"}, "when:new"),
        ({"any": [{"till": "1"}, {"till": "2"}]}, "up when.1",
         {"any": [{"till": "2"}, {"till": "1"}]}, "when.0:up"),
        ({"till": "1"}, "drop when.0", None, "when:new"),
        ({"not": {"any": [{"till": "1"}, {"till": "2"}]}}, "drop when.1",
         {"not": {"till": "1"}}, "when:new"),
        ({"all": [{"till": "1"}, {"any": []}]}, "add when.1",
         {"all": [{"till": "1"}, {"any": [{"weekday": ["sat", "sun"]}]}]}, "when.1.0:kind"),
        ({"till": "1"}, "add when.7", {"till": "1"}, ""),
    ],
)  # fmt: skip
def test_buttons_do_what_they_say(when, order, after, focus):
    rule = {"id": "x"} | ({"when": when} if when is not None else {})
    assert moved(rule, order, "weekday", "all", KINDS) == focus
    assert rule.get("when") == after


def test_none_of_is_a_group():
    assert parts_of({"not": {"any": [1, 2]}}) == ("none", [1, 2])
    assert parts_of({"not": {"any": [1]}}) == ("none", [{"any": [1]}])
