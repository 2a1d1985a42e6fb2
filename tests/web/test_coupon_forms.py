"""Kinds of coupons written in a form: one truth with the text, told in words, never torn away."""

from __future__ import annotations

from typing import Any

import pytest

from support.coupons import BACK, KINDS, OFF, THANKS
from support.drafted import Drafted, fault_of, said_of
from support.sent import send, sent
from tessera.doors.language.words import LANGUAGES
from tessera.program.core.kinds import fields_of
from tessera.rules.core.coupons import Coupon

PROGRAM: dict[str, Any] = {
    "name": "Coupons", "currency": "EUR", "unknown_cards": "any",
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        OFF, THANKS | {"name": "Thank you"}, BACK,
    ],
    "coupons": KINDS | {
        "SUMMER": {"name": "Summer", "code": "SUMMER10", "most": 500, "per_member": 1,
                   "starts": "2026-06-01", "ends": "2026-08-31"},
        "TWICE": {"name": "Twice", "uses": 2, "ends": "2098-12-31"},
        "CUP": {"name": "A cup"},
    },
    "draws": {
        "luck": {"name": "Luck", "ends": "2098-12-31",
                 "prizes": [{"item": "CUP", "kind": "coupon"}]},
    },
}  # fmt: skip
FORM = ("coupons", "coupon")


def test_the_form_has_a_control_for_every_field(draft):
    names = {each.partition(":")[0] for each in sent(draft.shown("SUMMER"), "coupon")}
    assert {told.name for told in fields_of(Coupon)} <= names


def test_a_new_kind_is_in_the_text_and_told_in_words(draft):
    page = draft.shown("new")
    assert said_of(page).startswith("Give it a name") and not fault_of(page, "name"), "not yet"
    page = draft.saved(
        "new", name=["Ten off"], uses=["3"], most=["1000"], per_member=["2"], days=["30"],
        starts=["2030-05-01"], ends=["2030-05-31"], personal=["yes"],
    )  # fmt: skip
    assert draft.entries()["TEN-OFF"] == {
        "name": "Ten off", "uses": 3, "most": 1000, "per_member": 2, "starts": "2030-05-01",
        "ends": "2030-05-31", "days": 30, "personal": True,
    }  # fmt: skip
    assert said_of(page) == (
        "Each coupon has a code of its own, which counts 3 times. Only the member it was given "
        "to can use it. Each member can use it 2 times at most. All together can use it 1,000 "
        "times at most. It counts on purchases from 1 May 2030 to 31 May 2030. When a rule gives "
        "one, it is good for 30 more days. No rule asks for it yet: whoever shows it gets nothing."
    )
    changes = draft.shown(f"{draft.path}/changes")
    assert "Coupon: Ten off" in changes and "counts 3 times" in changes


def test_a_word_is_for_everybody_and_in_capitals(draft):
    page = draft.saved("new", name=["Spring"], called=["S/1"], code=[" spring5 "])
    assert draft.entries()["S-1"] == {"name": "Spring", "code": "SPRING5"}
    assert said_of(page).startswith("Everybody can use it with the word SPRING5.")
    page = draft.saved("S-1", uses=["2"], personal=["yes"])
    for control in ("uses", "personal"):
        assert "A word is for everybody" in fault_of(page, control)
    assert not fault_of(page, "days")


def test_who_asks_for_it_and_who_gives_it_is_said(draft):
    told = said_of(draft.shown("THANKS"))
    assert "These rules give something for it: back." in told
    assert "Members are given it by these rules: Thank you." in told


def test_opened_and_saved_nothing_changes(draft):
    before = draft.entries()
    assert len(before) == 5
    for code in before:
        draft.saved(code)
    assert draft.entries() == before
    assert 'revision" value="1"' in draft.shown("SUMMER"), "unwritten"


def test_what_cannot_be_is_said_beside_its_field_and_hides_no_other(draft):
    page = draft.saved("TWICE", most=["many"], starts=["2099-01-01"], name=[""])
    assert "many" in fault_of(page, "most") and "missing" in fault_of(page, "name")
    page = draft.saved("TWICE", most=["9"], name=["Twice"])
    assert "before it starts" in fault_of(page, "ends")
    listed = draft.shown(draft.at)
    assert "Has mistakes" in listed and "the word SUMMER10" in listed


def test_a_code_that_is_there_is_not_taken_again(draft):
    done = draft.send("new", name=["Other"], called=["SUMMER"])
    assert done.status_code == 422 and "Another kind of coupons has this code." in done.text
    assert sent(done.text, "coupon")["name"] == ["Other"], "what was typed stays"


def test_a_kind_is_taken_out_only_where_nothing_names_it(draft):
    for code, by in (("TENTH", "off"), ("THANKS", "Thank you"), ("CUP", "Luck")):
        assert by in draft.shown(code) and "Take the kind out" not in draft.shown(code)
        refused = draft.removed(code)
        assert refused.status_code == 422 and "It is still named" in refused.text
    assert len(draft.entries()) == 5
    assert "Take the kind out" in draft.shown("SUMMER")
    assert draft.removed("SUMMER").status_code == 303
    assert "SUMMER" not in draft.entries()


def test_what_becomes_of_coupons_that_people_have_is_told_before(draft):
    def outlook(kind: str, /, **typed: list[str]) -> str:
        return draft.send(kind, do=["preview"], **typed).text

    assert "The word SUMMER10 counts no more." in outlook("SUMMER", code=[""])
    assert "still count, beside the word" in outlook("CUP", code=["CUPS"])
    assert "they count no more" in outlook("CUP", personal=["yes"])
    assert "keep the uses" in outlook("TWICE", uses=["3"])
    assert "counts too" in outlook("CUP", most=["3"]) and "counts too" not in outlook("CUP")


def test_from_the_list_a_button_leads_to_the_form(site, manager):
    for code, name in (("SUMMER", "Summer"), ("", "New kind of coupons")):
        fields = {"do": ["begin"], "key": [f"begin-{code}"], "code": [code]}
        done = send(site, "/console/coupons", "console", manager, fields)
        assert done.status_code == 303
        drafted = Drafted(site, manager, "coupons", "coupon")
        assert f">{name}" in drafted.shown(done.headers["location"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_is_in_the_reader_s_language(draft, language):
    page = draft.shown("SUMMER", **{"Accept-Language": language})
    begins = {"en": "Everybody", "it": "Tutti", "pl": "Każdy", "ru": "Каждый",
              "zh": "每个人"}  # fmt: skip
    assert said_of(page).startswith(begins[language])


def test_where_a_second_person_decides_the_form_s_draft_waits_for_one(site, manager):
    site.publish(PROGRAM | {"approvals": ["publish"]})
    draft = Drafted(site, manager, *FORM)
    draft.saved("CUP", most=["9"])
    fields = {"do": ["publish"], "revision": ["2"], "from": ["now"], "key": ["p" * 20]}
    done = send(site, f"{draft.path}/changes", "console", manager, fields)
    assert done.status_code == 303
    assert done.headers["location"].startswith("/console/approvals/")
    assert site.call("GET", "/v1/program").json()["program"]["coupons"]["CUP"] == {"name": "A cup"}
