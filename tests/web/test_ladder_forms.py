"""Ladders of tiers written in a form: what it cannot show stays as it was, to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from support.anything import READER
from support.drafted import fault_of, said_of
from support.sent import send, sent
from tessera.doors.cli.demo.bottega import program_text
from tessera.doors.console.areas.tiers import sheet
from tessera.doors.language.words import LANGUAGES
from tessera.program.core.kinds import fields_of
from tessera.rules.core.tiers import Ladder, Level

DEMO = program_text(READER).edition.body
WHEN = {
    "any": [
        {"weekday": ["sat", "sun"]},
        {"all": [{"receipt_total": {"at_least": 50}}, {"not": {"store": ["S9"]}}]},
    ],
}
HARD: dict[str, Any] = {
    "visits": {
        "counts": "receipts", "unit": "", "window": "ever", "review_months": 12, "steps_down": 0,
        "levels": [{"code": "guest", "reach": 1, "when": WHEN},
                   {"code": "often", "name": "Often", "reach": "$often", "keep": 2}],
    },
    "miles": {
        "name": "Miles", "unit": "status", "window": "since 04-01", "grace_days": 10,
        "levels": [{"code": "one", "name": "One", "reach": 0, "benefits": []},
                   {"code": "two", "name": "Two", "reach": 500, "keep": 500, "when": WHEN,
                    "benefits": [{"code": "lounge", "name": "Lounge", "uses": 4, "days": 90}]}],
    },
}  # fmt: skip
SILVER = {
    "id": "silver", "name": "For silver", "mechanic": "fixed_points", "points": 5,
    "when": {"all": [{"tier": {"ladder": "status", "at_least": "silver"}}]},
}  # fmt: skip
PROGRAM: dict[str, Any] = {
    **DEMO,
    "rules": [*DEMO["rules"], SILVER],
    "tiers": DEMO["tiers"] | HARD, "numbers": DEMO.get("numbers", {}) | {"often": 12},
    "currencies": DEMO.get("currencies", {}) | {"status": {"name": "Status points"}},
}  # fmt: skip
FORM = ("tiers", "ladder")


def test_opened_and_saved_no_ladder_changes_not_even_in_its_spelling(draft):
    before = draft.entries()
    assert before == PROGRAM["tiers"] and set(before) >= {*DEMO["tiers"], *HARD}
    for code in before:
        draft.saved(code)
    assert draft.entries() == before
    assert 'revision" value="1"' in draft.shown("status"), "unwritten"


def test_what_is_changed_beside_it_leaves_a_long_condition_as_it_is(draft):
    before = draft.entries()["miles"]
    draft.saved("miles", grace_days=["20"])
    assert draft.entries()["miles"] == before | {"grace_days": 20}
    assert sent(draft.shown("status"), "ladder")["levels.2.when:raw"] == [""]
    draft.saved("status", **{"levels.2.when:raw": ['{"weekday": ["sat"]}']})
    assert draft.entries()["status"]["levels"][2]["when"] == {"weekday": ["sat"]}


def test_the_form_has_a_control_for_every_field(draft):
    names = {each.partition(":")[0] for each in sent(draft.shown("miles"), "ladder")}
    level = {each.rpartition(".")[2] for each in names if each.startswith("levels.1")}
    assert {told.name for told in fields_of(Ladder)} <= names
    assert {told.name for told in fields_of(Level) if told.control != "several"} <= level
    assert {"levels.1.benefits.0.uses", "levels.1.benefits.0.days"} <= names


def test_a_new_ladder_is_in_the_text_and_told_in_words(draft):
    page = draft.saved("new", **{
        "name": ["Club"], "counts": ["minor"], "window": ["12 months"], "review": ["03-01"],
        "levels.1.name": ["Gold"], "levels.1.code": [""], "levels.1.reach": ["1 250,50"],
        "levels.1.keep": ["900"],
    })  # fmt: skip
    assert draft.entries()["club"] == {
        "name": "Club", "counts": "minor", "window": "12 months", "review": "03-01",
        "levels": [{"code": "basic", "name": "Basic"},
                   {"code": "gold", "name": "Gold", "reach": 125_050, "keep": 90_000}],
    }  # fmt: skip
    told = said_of(page)
    assert "Everybody is Basic. Gold from 1250.50 EUR" in told and "stays with 900.00 EUR." in told
    assert "everybody is looked at" in page
    changes = draft.shown(f"{draft.path}/changes")
    assert "Tiers: Club" in changes and "Everybody is Basic." in changes


def test_levels_and_benefits_are_added_moved_and_dropped_by_buttons(draft):
    page = draft.saved("status", then=["item levels"])
    at = sent(page, "ladder")
    last = len(DEMO["tiers"]["status"]["levels"])
    assert "autofocus" in page and at[f"levels.{last}.reach"] == ["800.00"], "as much as Gold"
    typed = {f"levels.{last}.name": ["Platinum"], f"levels.{last}.reach": ["2000"]}
    draft.saved("status", then=[f"item levels.{last}.benefits"], **typed)
    draft.saved("status", **{f"levels.{last}.benefits.0.name": ["A dinner"]})
    levels = draft.entries()["status"]["levels"]
    assert levels[last] == {
        "code": "platinum", "name": "Platinum", "reach": 200_000,
        "benefits": [{"code": "a-dinner", "name": "A dinner"}],
    }  # fmt: skip
    draft.saved("status", then=[f"without levels.{last}.benefits.0"])
    draft.saved("status", then=["up levels.1"])
    draft.saved("status", then=[f"drop levels.{last}"])
    assert draft.checked()["mistakes"], "silver stands below the friends"
    draft.saved("status", then=["down levels.0"])
    assert draft.entries()["status"] == DEMO["tiers"]["status"]


def test_what_cannot_be_is_said_beside_its_field_and_hides_no_other(draft):
    page = draft.saved("miles", **{
        "levels.1.reach": ["many"], "levels.1.when:raw": ["{no"], "review": ["13-40"],
        "levels.0.code": [""], "levels.0.name": [""], "levels.1.benefits.0.uses": ["0"],
    })  # fmt: skip
    for control, why in (
        ("levels.1.reach", "many"), ("levels.1.when", "{no"), ("review", "13-40"),
        ("levels.0.code", "missing"), ("levels.1.benefits.0.uses", "1"),
    ):  # fmt: skip
        assert why in fault_of(page, control), control
    assert sent(page, "ladder")["levels.1.when:raw"] == ['"{no"'], "it stays"
    listed = draft.shown(draft.at)
    assert "Has mistakes" in listed and "Friend of the house" in listed


def test_a_ladder_is_taken_out_only_where_no_rule_names_it(draft):
    page = draft.shown("status")
    assert "Take the ladder out" not in page and "by For silver." in page
    assert draft.removed("status").status_code == 422
    assert draft.removed("miles").status_code == 303
    assert "miles" not in draft.entries() and "status" in draft.entries()


def test_a_ladder_that_a_reward_asks_for_is_not_taken_out(site, draft):
    terms = {"kind": "goods", "names": {"en": "Mug"}, "points": 10,
             "who": {"tier": {"ladder": "visits", "at_least": "often"}}}  # fmt: skip
    made = site.call("POST", "/v1/rewards", {"code": "lounge-mug", "terms": terms, "stock": 5})
    assert made.status_code == 201, made.text
    refused = draft.removed("visits")
    assert refused.status_code == 422 and "lounge-mug" in refused.text


def test_what_becomes_of_the_members_is_told_before(draft):
    def outlook(kind: str, /, **typed: list[str]) -> str:
        return draft.send(kind, do=["preview"], **typed).text

    assert "stands on the lowest one: Two" in outlook("miles", **{"levels.1.code": ["three"]})
    assert "before a review" in outlook("status", **{"levels.2.reach": ["5000"]})
    assert "everybody is looked at" in outlook("status", **{"levels.2.reach": ["700"]})
    assert "nobody comes down again" in outlook("status", review=[""])
    assert "Points count from the day" in outlook("new")
    assert "reached at a purchase only" in outlook("miles")


def test_from_the_list_a_button_leads_to_the_form(site, manager, draft):
    for code, name in (("status", "Status"), ("", "New ladder")):
        fields = {"do": ["begin"], "key": [f"begin-{code}"], "code": [code]}
        done = send(site, "/console/tiers", "console", manager, fields)
        assert done.status_code == 303
        assert f">{name}" in draft.shown(done.headers["location"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_form_is_in_the_reader_s_language(draft, language):
    page = draft.shown("status", **{"Accept-Language": language})
    said = {"en": "What counts", "it": "Che cosa conta", "pl": "Co się liczy",
            "ru": "Что считается", "zh": "计入内容"}  # fmt: skip
    assert said[language] in page


@pytest.mark.parametrize(
    ("typed", "counts", "means"),
    [
        ("300", "points", 300), ("300.00", "receipts", 300), ("300.50", "points", "300.50"),
        ("300", "minor", 30_000), ("12,5", "minor", 1250), ("1 000", "points", 1000),
        ("$often", "minor", "$often"), ("-5", "points", "-5"), ("", "points", ""),
    ],
)  # fmt: skip
def test_an_amount_is_in_what_counts(typed, counts, means):
    assert sheet.amount(typed, counts) == means


@pytest.mark.parametrize("order", ["", "item", "up levels.9", "drop levels.x", "item rules",
                                   "without levels.0.benefits.7", "up levels"])  # fmt: skip
def test_a_button_that_is_none_changes_nothing(order):
    data = {"levels": [{"code": "a", "benefits": [{"code": "b"}]}]}
    sheet.moved(data, order)
    assert data == {"levels": [{"code": "a", "benefits": [{"code": "b"}]}]}
