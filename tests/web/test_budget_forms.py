"""Budgets written in a form: one truth with the text, told in words; nothing of a rule is lost."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support import browser as browsing
from support.drafted import fault_of, said_of
from support.sent import send, sent
from support.shop import fresh_card
from support.shown import visit
from tessera.doors.language.words import LANGUAGES
from tessera.program.core.kinds import fields_of
from tessera.rules.core.words import Mechanic

RULE = {
    "id": "base", "name": "Points", "mechanic": "base_rate", "points": 10, "per_minor": 100,
    "campaign": "spring", "funding": "supplier", "funder": "acme",
}  # fmt: skip
PROGRAM: dict[str, Any] = {
    "name": "Budgets", "currency": "EUR", "unknown_cards": "any", "point_minor_x100": 100,
    "partners": {"acme": {"name": "Acme"}},
    "rules": [RULE, RULE | {"id": "other", "name": "Others", "campaign": ""}],
    "budgets": {
        "spring": {"name": "Spring", "campaigns": ["spring"], "per": "ever", "most_minor": 25_000},
        "share": {"per": "month", "turnover_percent_x100": 250, "by": "store"},
    },
}  # fmt: skip
FORM = ("budgets", "budget")


def test_a_new_budget_is_in_the_text_and_told_in_words(draft):
    assert said_of(draft.shown("new")).startswith("It limits nothing yet")
    page = draft.saved(
        "new", name=["Summer sale"], most_minor=["5000"],
        turnover_percent_x100=["2,5"], per=["quarter"], rules=["other"], most_points=["900"],
    )  # fmt: skip
    made = draft.entries()["summer-sale"]
    assert made == {
        "name": "Summer sale", "rules": ["other"], "per": "quarter", "most": 5000,
        "most_points": 900, "turnover_percent_x100": 250,
    }  # fmt: skip
    told = said_of(page)
    assert "At most €5,000.00, 2.5% of the turnover with a card and 900 points a quarter." in told
    assert "These rules draw on it: Others." in told and "until the next period begins" in told
    assert "A supplier" in page, "who pays is said"
    changes = draft.shown(f"{draft.path}/changes")
    assert "Budget: Summer sale" in changes and html.escape("€5,000.00") in changes


def test_a_new_budget_counts_from_now_unless_its_code_was_there_before(draft):
    page = draft.saved("new", name=["Autumn"], most_minor=["10"])
    assert "If a budget of this code was there in the same period" in page


def test_opened_and_saved_nothing_changes(draft):
    before = draft.entries()
    for code in before:
        draft.saved(code)
    assert draft.entries() == before
    assert 'revision" value="1"' in draft.shown("spring"), "unwritten"


def test_what_cannot_be_is_said_beside_its_field_and_hides_no_other(draft):
    page = draft.saved("spring", most_minor=["much"], items=["MUG"])
    assert "much" in fault_of(page, "most_minor")
    assert sent(page, "budget")["most_minor"] == ["much"], "it stays"
    listed = draft.shown(draft.at)
    assert "Has mistakes" in listed and "Each store has one of its own." in listed


def test_a_budget_is_taken_out(draft):
    assert draft.removed("spring").status_code == 303
    assert list(draft.entries()) == ["share"]
    assert "Spring" not in draft.shown(draft.at)


def test_until_when_it_lasts_is_told_before_it_is_published(site, draft):
    goods = [{"sku": "SOUP", "quantity": 1, "unit_minor": 10_000}]
    for back in range(1, 6):
        at = (datetime.now(UTC) - timedelta(days=back)).isoformat()
        basket = site.basket(card=fresh_card(), lines=goods, total_minor=10_000, happened_at=at)
        assert site.post("/v1/receipts", basket).status_code == 201

    def outlook(**typed: list[str]) -> str:
        told = draft.send("spring", do=["preview"], **typed)
        assert told.status_code == 200
        found = re.search(r'id="outlook".*?</div>', told.text, re.S)
        assert found
        return found[0]

    drawn = site.call("GET", "/v1/budgets/spring").json()["state"]["cost_x100"]
    assert drawn == 5 * 250 * 100, "the share of the turnover lets 250 points pass on each"
    assert "it is used up on" in outlook(most_minor=["25"])
    several = outlook(most_minor=["25"], most_points=["900000"])
    assert "it is used up on" in several, "of several the tightest one holds"
    assert "used up at once" in outlook(most_minor=["900000"], most_points=["1250"])
    assert "used up at once" in outlook(most_minor=["12.50"])
    assert "used up" not in outlook(most_minor=["900000"])
    assert "counts anew" in outlook(per=["week"])
    assert draft.entries()["spring"]["most_minor"] == 25_000, "nothing is written"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_is_in_the_reader_s_language(draft, language):
    page = draft.shown("share", **{"Accept-Language": language})
    begins = {"en": "At most 2.5%", "it": "Al massimo 2,5%", "pl": "Najwyżej 2,5",
              "ru": "Самое большее 2,5", "zh": "每月最多持卡营业额的2.5%"}  # fmt: skip
    assert said_of(page).startswith(begins[language])


def test_where_nothing_is_declared_one_button_leads_to_the_program_s_text(site, manager, draft):
    for area in ("draws", "referrals", "boards"):
        assert "Write it in a draft" in draft.shown(f"/console/{area}"), area
    other = browsing.staff(site, "executive")
    seen = visit(site, "/console/draws", "console", other)
    assert seen.status_code == 200 and "Write it in a draft" not in seen.text, "it could not"
    fields = {"do": ["declare"], "key": ["d" * 20]}
    done = send(site, "/console/rules", "console", manager, fields)
    assert done.status_code == 303 and done.headers["location"].endswith("file=program.yaml")
    assert "name: Budgets" in draft.shown(done.headers["location"])


def test_the_form_of_a_rule_has_a_control_for_every_field_and_keeps_it(site, manager, draft):
    """Its campaign and who pays for it once were on no panel, and were lost when it was saved."""
    address = f"{draft.path}/rules/1"
    fields = sent(draft.shown(address), "rule")
    names = {each.partition(".")[0].partition(":")[0] for each in fields}
    page = draft.shown(address)
    for told in fields_of(Mechanic, without=("mechanic", "when")):
        assert told.name in names or f'value="item {told.name}"' in page, told.name
    done = send(site, address, "console", manager, fields | {"name": ["Renamed"]})
    assert done.status_code == 303
    rule = draft.checked()["program"]["rules"][0]
    assert (rule["name"], rule["campaign"], rule["funding"]) == ("Renamed", "spring", "supplier")
