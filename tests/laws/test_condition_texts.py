"""What conditions say, what they refuse to be, and what they miss in a program."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml

from support.trees import KINDS
from tessera.program.core.facts_text import Plain
from tessera.rules.core.conditions import sentence
from tessera.rules.core.filling import Filler
from tessera.rules.core.settings import Attribute, EventType, Field
from tessera.rules.core.texts import one_many, say
from tessera.rules.core.tongues import ENGLISH
from tessera.rules.core.words import Program

TOLD = [
    ("weekday: [sat, sun]", "it is Saturday or Sunday"),
    ("receipt_total: 50", "the receipt comes to 50.00 EUR or more"),
    ("contains: [LATTE, CAKE]", "the receipt has LATTE or CAKE"),
    (
        "contains: {of: {categories: coffee, promoted: never}, at_least: 2}",
        "the receipt has 2 or more units of coffee not on offer",
    ),
    ("dates: 12-24..01-06", "the date is 24 December to 6 January"),
    ("age: {at_least: 18, at_most: 25}", "the member is 18 to 25 years old"),
    ("birthday: 3", "it is 3 or fewer days until the member's birthday"),
    (
        "history: {measure: minor, at_least: 50000, of: c:wine, window: this year}",
        "the member has spent 500.00 EUR or more on wine this year",
    ),
    (
        "history: {measure: since, at_least: 90, of: e:review}",
        "the last review was 90 or more days ago",
    ),
    ("nth: {every: 5, of: c:coffee}", "this is the last of every 5 purchases of coffee"),
    (
        "share: {category: wine, at_least: 25, window: 90 days}",
        "25 % or more of what the member has spent in the last 90 days went on wine",
    ),
    ("streak: 4", "this makes 4 or more weeks in a row with a purchase"),
    ("tenure: {at_least: 3, unit: years}", "the member joined 3 or more years ago"),
    (
        "recurrence: {rule: FREQ=WEEKLY;BYDAY=FR, starts: 2026-01-02 18:00, minutes: 480}",
        "it is a time that comes every week on Friday at 18:00 for 8 hours,"
        " from Friday, 2 January 2026 on",
    ),
    (
        "all: [{weekday: mon}, {receipt_total: 5.50}, {not: {channel: online}}]",
        "it is Monday and the receipt comes to 5.50 EUR or more, unless the channel is online",
    ),
    (
        "all: [{weekday: mon}, {not: {channel: app}}, {not: {all: [{till: '1'}, {store: S1}]}}]",
        "it is Monday, unless the channel is app or (the till is 1 and the store is S1)",
    ),
    (
        "any: [{all: [{weekday: mon}, {not: {store: S1}}]}, {store: S2}]",
        "(it is Monday, unless the store is S1) or the store is S2",
    ),
    (
        "not: {any: [{till: '1'}, {store: S1}]}",
        "it is not so that (the till is 1 or the store is S1)",
    ),
    ("not: {not: {store: S1}}", "the store is S1"),
    (
        "all: [{not: {store: S1}}, {not: {till: '1'}}]",
        "it is not so that the store is S1 and it is not so that the till is 1",
    ),
]


@pytest.mark.parametrize(("text", "told"), TOLD)
def test_a_condition_reads_well_after_when(text, told):
    filler = Filler(KINDS)
    tree = filler.tree(yaml.load(text, Plain), "")
    assert tree is not None, filler.faults
    assert sentence(tree, "EUR") == told


def test_a_sentence_is_told_in_another_language():
    german = {
        "{first} and {second}": "{first} und {second}",
        "the store is {stores}": "der Laden ist {stores}",
        "the till is {tills}": "die Kasse ist {tills}",
    }
    tree = Filler(KINDS).tree({"all": [{"store": "S1"}, {"till": "7"}]}, "")
    assert tree is not None
    told = sentence(tree, "EUR", replace(ENGLISH, find=lambda text: german[str(text)]))
    assert told == "der Laden ist S1 und die Kasse ist 7"


# What cannot be meant is refused -----------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "receipt_total: {}",
        "receipt_total: {at_least: 9.00, at_most: 5.00}",
        "line_count: 0",
        "store: {}",
        "hours: 10:00-10:00",
        "hours: 10:00-25:00",
        "dates: 2026-02-30",
        "dates: 02-30..03-01",
        "dates: 2026-02-02..2026-02-01",
        "day_of_month: 0",
        "age: {}",
        "age: {at_least: 30, at_most: 20}",
        "tenure: {}",
        "name_day: {}",
        "name_day: {names: {Anna: 02-30}}",
        "attribute: {name: a, values: [1], at_least: 2}",
        "attribute: {name: a, at_least: 2, at_most: 2026-01-01}",
        "event: {type: a, at_least: 2}",
        "history: {measure: units, of: e:review}",
        "history: {measure: receipts, at_least: 3, at_most: 2}",
        "nth: {}",
        "nth: {every: 2, exactly: 3}",
        "share: wine",
        "average: {}",
        "streak: {at_least: 3, at_most: 2}",
        "comeback: {days: 30, at_most: 20}",
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_reason(text):
    filler = Filler(KINDS)
    assert filler.tree(yaml.load(text, Plain), "when") is None
    (fault,) = filler.faults
    assert fault.path.startswith("when.")
    assert fault.why


PROGRAM = Program(
    name="Any", currency="EUR", rules=(),
    attributes={"children": Attribute("integer"), "gender": Attribute("choice", values=("f", "m"))},
    events={"review": EventType(fields={"stars": Field("integer", least=1, most=5)})},
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("attribute: {name: children, at_least: 2}", ""),
        ("attribute: {name: gender, values: f}", ""),
        ("attribute: cats", "name"),
        ("attribute: {name: gender, values: [f, x]}", "values"),
        ("attribute: {name: gender, at_least: 2}", "at_least"),
        ("attribute: {name: children, at_most: 2026-01-01}", "at_most"),
        ("profile_complete: [children, born_on]", ""),
        ("profile_complete: [children, cats]", "attributes"),
        ("name_day: {attribute: saint}", "attribute"),
        ("event: {type: review, field: stars, at_least: 4}", ""),
        ("event: {type: review, field: stars, values: [4, 9]}", "values"),
        ("event: survey", "type"),
        ("event: {type: review, field: words}", "field"),
    ],
)
def test_what_the_program_does_not_declare_is_said(text, field):
    tree = Filler(KINDS).tree(yaml.load(text, Plain), "")
    assert tree is not None
    assert [misfit[0] for misfit in tree.misfits(PROGRAM)] == ([field] if field else [])


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"),
     (21, "21st"), (102, "102nd"), (111, "111th"), (1003, "1003rd")],
)  # fmt: skip
def test_a_number_is_told_as_an_ordinal_where_a_template_asks_for_it(number, said):
    text = one_many("1 more: every {n_th} of {n}", "{count} more: every {n_th} of {n}")
    assert say(text, {"count": 2, "n": number, "of": "x"}, "EUR") == (
        f"2 more: every {said} of {number}"
    )
