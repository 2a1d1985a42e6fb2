"""What changes from one program to another, in sentences; what to think about before publishing."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from support.directory import HEAD, READER, SHOP, read, rule
from tessera.program.core import starter
from tessera.program.core.difference import Edition, differences
from tessera.program.core.seen import Seen
from tessera.program.core.warnings import shelf, warnings_of


def difference(**changed: str) -> list[str]:
    old, new = read(), read(**changed)
    assert new.mistakes == []
    assert old.body and old.program and new.body and new.program
    return differences(Edition(old.body, old.program), Edition(new.body, new.program))


@pytest.mark.parametrize(
    ("file", "was", "becomes", "said"),
    [
        ("program", "6", "7", ["Number coffee: 6 becomes 7 (in coffee)"]),
        ("program", "currency: EUR\n", "currency: EUR\nexpiry_days: 365\n",
         ["Setting expiry_days was not set, becomes 365"]),
        ("program", "shop", "store",
         ["Setting name was The corner shop, becomes The corner store"]),
        ("program", "numbers:\n", "groups: {g: {}}\nnumbers:\n  tea: 2.50\n",
         ["Number tea is new: 2.50", "Group g is new: as usual"]),
        ("program", "numbers:\n", "control: {percent: 5}\nnumbers:\n",
         ["Setting control was not set, becomes percent 5"]),
        ("program", "numbers:\n", "point_caps: [{per: day, most: 100}]\nnumbers:\n",
         ["Setting point_caps was nothing, becomes (per day, most 100)"]),
        ("rules__30-weekend", "200", "300", ["Rule weekend: times_x100 was 200, becomes 300"]),
        ("rules__30-weekend", "sat, sun", "fri",
         ['Rule weekend: when was "it is Saturday or Sunday", becomes "it is Friday"']),
        ("rules__30-weekend", "when:\n  weekday: [sat, sun]\n", "",
         ['Rule weekend: when was "it is Saturday or Sunday", becomes not set']),
        ("rules__30-weekend", "id: weekend\n", "id: weekend\nstores: [S1, S2]\nof: {skus: [A]}\n",
         ["Rule weekend: of.skus gains A", "Rule weekend: stores gains S1, S2"]),
        ("rules__30-weekend", "multiplier\ntimes_x100: 200", "fixed_points\npoints: 5", [
            "Rule weekend was multiplier, times_x100 200, when it is Saturday or Sunday; becomes "
            "fixed_points, points 5, when it is Saturday or Sunday"]),
        ("rules__30-weekend", "id: weekend", "id: fun", [
            "Rule weekend is taken away; it was multiplier, times_x100 200, "
            "when it is Saturday or Sunday",
            "Rule fun is new: multiplier, times_x100 200, when it is Saturday or Sunday"]),
        ("rules__10-base", "1.00", "2.00",
         ["Rule base: per was 1.00 EUR, becomes 2.00 EUR"]),
        ("rules__10-base", "per: 1.00", "per_minor: 100",
         ["Rule base is written otherwise and does the same"]),
        ("rules__10-base", "per: 1.00\n", "per: 1.00\nhidden: true\n",
         ["Rule base: hidden was no, becomes yes"]),
        ("rules__10-base", "id: base\n", "# a remark\n\nid:   base\n", []),
    ],
)  # fmt: skip
def test_a_change_is_told_in_a_sentence(file, was, becomes, said):
    name = file.replace("__", "/") + ".yaml"
    assert was in SHOP[name]
    assert difference(**{file: SHOP[name].replace(was, becomes)}) == said


def test_a_rule_that_moves_is_told_once():
    def order(*names: str) -> Edition:
        body = starter("EUR") | {"rules": [
            {"id": name, "mechanic": "base_rate", "points": 1, "per_minor": 100} for name in names
        ]}  # fmt: skip
        program, _ = READER.examine(body, 1)
        assert program is not None
        return Edition(body, program)

    assert differences(order("a", "b", "c", "d"), order("d", "a", "b", "c")) == [
        "Rule d moves to the front"
    ]
    assert differences(order("a", "b", "c", "d"), order("b", "c", "a", "d")) == [
        "Rule a moves behind c"
    ]


# Warnings ----------------------------------------------------------------------------------------

ON = date(2026, 2, 7)


def warned(before=False, gave=frozenset(), **changed):
    """(code, rule) of every warning, with the reason."""
    found = read(**changed)
    assert found.mistakes == [] and found.body and found.program
    old = read().program if before else None
    seen = Seen(found.body, found.program, ON, old, gave)
    return {(each.code, each.rule): each.why for each in warnings_of(seen)}


PERSONAL = rule("birthday", "{birthday: 3}")
CAPPED = "[{per: month, most: 500}]"


def test_a_good_program_has_no_warnings():
    assert warned(rules__50=PERSONAL) == {}


@pytest.mark.parametrize(
    ("text", "code", "why"),
    [
        (rule("a", ends="2026-01-31"), "never_fires", "it ended on 2026-01-31"),
        (rule("a", "{all: [weekday: [sat, sun], weekday: mon]}"), "never_fires",
         "at no hour of the 400 days from 2026-02-07 on its conditions hold together"),
        (rule("a", "{all: [hours: 10:00-12:00, not: {hours: 09:30-12:00}]}"), "never_fires", None),
        (rule("a", "{dates: 2026-03-08}", starts="2026-04-01"), "never_fires", None),
        (rule("a", "{store: S2}", stores="[S1]"), "never_fires",
         "in no store and no region its conditions hold together"),
        (rule("a", "{all: [channel: online, channel: store]}"), "never_fires",
         "by no channel its conditions hold together"),
        (rule("a", "{all: [history: {measure: receipts, at_least: 9}, history: {measure: receipts,"
              " at_most: 3}]}"), "never_fires", "history asks for at least 9 and at most 3"),
        (rule("a", "{event: survey}"), "never_fires", "on no receipt its conditions hold together"),
        (rule("a", sample="{above: 50, upto: 50}"), "never_fires",
         "its sample is empty: above 50 and up to 50 percent"),
        (rule("a", ramp="[{on: 2026-02-01, upto: 0}]"), "never_fires",
         "no step of its ramp reaches anybody"),
        (rule("a", "{weekday: sun}"), "overlap",
         "on one receipt weekend and this rule, both multiplier, may give"),
        ("id: a\nmechanic: multiplier\ntimes_x100: 1500\nwhen: {weekday: mon}\n", "unlimited_cost",
         "it is worth 28 % of what is spent, without a limit"),
        ("id: a\nmechanic: base_rate\npoints: 25\nper: 1.00\n", "unlimited_cost",
         "it is worth 25 % of what is spent, without a limit"),
        ("id: a\nmechanic: sum_threshold\nfrom: 50.00\nprize: {gift: MUG}\n", "unlimited_cost",
         "it gives its prize on every receipt that qualifies, however many come"),
        (rule("a", "{all: [rule_gave: late, weekday: mon]}"), "asks_later",
         "late is asked only after this rule"),
    ],
)  # fmt: skip
def test_a_rule_to_think_about_is_told(text, code, why):
    late = rule("late", "{weekday: tue}", priority="-5")
    head = HEAD + "events: {survey: {}}\n"
    found = warned(program=head, rules__40=text, rules__45=late, rules__50=PERSONAL)
    assert (code, "a") in found, found
    assert why is None or found[code, "a"] == why


@pytest.mark.parametrize(
    "text",
    [
        rule("a", "{dates: 2029-03-08}"),
        rule("a", "{recurrence: FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=24}"),
        rule("a", "{all: [weekday: fri, any: [weekday: mon, not: {store: S1}]]}"),
        rule("a", "{all: [store: {stores: S1, regions: north}, weekday: fri]}", regions="[north]"),
        rule("a", "{weekday: [mon, fri]}", starts="2026-03-01"),
        f"id: a\nmechanic: base_rate\npoints: 25\nper: 1.00\ncaps: {CAPPED}\n",
    ],
)
def test_a_rule_that_is_all_right_is_not_warned_of(text):
    assert [key for key in warned(rules__40=text, rules__50=PERSONAL) if key[1] == "a"] == []


def test_gifts_for_different_events_do_not_overlap():
    head = HEAD + "events: {survey: {}, review: {}}\n"
    gifts = {f"rules__4{n}": f"id: g{n}\nmechanic: event_gift\ntype: {kind}\nprize: {{points: 5}}\n"
             for n, kind in enumerate(["survey", "review", "review"])}  # fmt: skip
    found = warned(program=head, rules__50=PERSONAL, **gifts)
    assert [rule for code, rule in found if code == "overlap"] == ["g2"]


def test_programs_are_warned_of_too():
    assert ("one_rule_for_all", "") in warned()
    head = HEAD + "  tea: 5\n"
    assert warned(program=head, rules__50=PERSONAL) == {
        ("unused_number", ""): "the number tea is used nowhere"
    }
    new = rule("new", "{weekday: mon}")
    assert ("untested", "new") in warned(before=True, rules__40=new)
    for more in ({"gave": frozenset({"new"})}, {"before": False}):
        how = {"before": True} | more
        assert ("untested", "new") not in warned(**how, rules__40=new)
    pilot = rule("new", "{weekday: mon}", sample="{upto: 10}")
    assert ("untested", "new") not in warned(before=True, rules__40=pilot)
    groups = HEAD + "groups: {g: {}}\n"
    first = rule("first", group="g")
    second = rule("second", "{weekday: mon}", group="g")
    found = warned(program=groups, rules__40=first, rules__41=second, rules__50=PERSONAL)
    assert ("shadowed", "second") in found and ("overlap", "second") not in found


def test_a_group_of_hidden_and_open_rules_is_told():
    head = HEAD + "groups: {g: {pick: best_for_member}}\n"
    open_, secret = rule("open", group="g"), rule("secret", "{weekday: mon}", group="g")
    hidden = {"rules__41": secret + "hidden: true\n", "rules__50": PERSONAL}
    found = warned(program=head, rules__40=open_, **hidden)
    assert [key for key in found if key[0] == "mixed_group"] == [("mixed_group", "open")]
    assert "secret" in found["mixed_group", "open"]
    over = rule("open", group="g", ends="2026-01-31")
    for more in (hidden | {"rules__41": secret}, {"rules__40": open_ + "hidden: true\n"},
                 {"rules__40": rule("open")}, {"rules__40": over}):  # fmt: skip
        found = warned(program=head, **({"rules__40": open_} | hidden | more))
        assert not any(code == "mixed_group" for code, _ in found), more


def test_what_is_asked_of_members_and_worth_nothing_is_told():
    asked = "events: {joined: {}}\nenrolment: {welcome: joined}\n"
    asked += "choices: {track: {options: {a: A}}}\n"
    told = {
        ("unrewarded", ""): "`enrolment.welcome` posts joined, and no rule gives anything for it",
        ("unused_choice", ""):
            "whatever members answer to track, no rule gives them anything for it",
    }  # fmt: skip
    head = HEAD + asked
    assert warned(program=head, rules__50=PERSONAL).items() >= told.items()
    gift = "id: hello\nmechanic: event_gift\ntype: joined\nprize: {points: 5}\n"
    answer = rule("track", "{choice: {choice: track, options: a}}")
    found = warned(program=head, rules__50=PERSONAL, rules__60=gift, rules__61=answer)
    assert not set(told) & set(found)


def test_a_coupon_that_no_rule_asks_for_is_told():
    head = HEAD + "coupons: {GIFT: {name: A gift, personal: true}}\n"
    gift = "id: thanks\nmechanic: sum_threshold\nfrom: 10.00\nprize: {coupon: GIFT}\n"
    off = "id: off\nmechanic: amount_off\noff: 2.00\ncoupon: GIFT\n"
    told = "no rule asks for the coupon GIFT: whoever shows it gets nothing"
    for given in ({}, {"rules__60": gift}):
        found = warned(program=head, rules__50=PERSONAL, **given)
        assert found["unasked_coupon", ""] == told
        found = warned(program=head, rules__50=PERSONAL, rules__61=off, **given)
        assert ("unasked_coupon", "") not in found


def test_points_that_can_be_made_new_by_exchanging_them_are_told():
    head = HEAD + "expiry: {months: 12}\ncurrencies: {miles: {}, stars: {}}\n"
    told = "points become miles and come back as many as they were, with a new life"
    for rates, why in (
        ("{into: miles, give: 1, get: 2}, {of: miles, give: 2, get: 1}", told),
        ("{into: miles, give: 1, get: 2}, {of: miles, into: stars, give: 4, get: 1},"
         " {of: stars, give: 1, get: 2}", told),
        ("{into: miles, give: 1, get: 2}, {of: miles, give: 3, get: 1}", None),
        ("{into: miles, give: 1, get: 2}", None),
    ):  # fmt: skip
        found = warned(program=f"{head}transfers: {{exchange: [{rates}]}}\n", rules__50=PERSONAL)
        assert found.get(("renewed_life", "")) == why
    ever = HEAD + "currencies: {miles: {}}\n"
    both = "transfers: {exchange: [{into: miles, give: 1, get: 1}, {of: miles, give: 1, get: 1}]}"
    assert warned(program=f"{ever}{both}\n", rules__50=PERSONAL) == {}


def test_a_season_that_carries_over_by_each_stores_clock_is_told():
    head = (
        HEAD + "currencies: {miles: {expiry: {%sseasons: [{opens: 2026-01-01, closes: 2026-06-30,"
    )
    head += " spend_until: 2026-07-31%s}]}}}\n"
    told = (
        "a season of miles ends by each store's clock, and what it carries over may end"
        " an hour early"
    )
    for said, carried, why in (
        ("", ", carry_percent: 50", told),
        ("", "", None),
        ("time_zone: Europe/Rome, ", ", carry_percent: 50", None),
    ):
        found = warned(program=head % (said, carried), rules__50=PERSONAL)
        assert found.get(("season_clock", "")) == why


def test_every_kind_of_warning_says_what_it_is():
    kinds = shelf()
    assert set(kinds) == {
        "asks_later", "counted_twice", "mixed_group", "never_fires", "one_rule_for_all", "overlap",
        "renewed_life", "season_clock", "shadowed", "unasked_coupon", "unlimited_cost",
        "unrewarded", "untested", "unused_choice", "unused_number",
    }  # fmt: skip
    for find in kinds.values():
        assert find.__doc__


def test_the_guide_lists_every_kind_of_warning():
    guide = Path(__file__).parents[2] / "docs/guides/program.md"
    part = guide.read_text(encoding="utf-8").partition("\n## Warnings\n")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE)) == set(shelf())
