"""Levels on the pages: of the whole program, of one member, one's own."""

from __future__ import annotations

from typing import Any

import pytest

from support import browser as browsing
from support.browser import PHONE, SMALL, WIDE, Browsing
from support.things import new_member, signed_in

pytestmark = pytest.mark.browser
PROGRAM: dict[str, Any] = {
    "name": "Levels", "currency": "EUR",
    "tiers": {
        "status": {
            "name": "Status", "counts": "minor", "review": "01-01",
            "levels": [
                {"code": "basic", "name": "Basic"},
                {"code": "silver", "name": "Silver", "reach": 10_000, "keep": 8000,
                 "benefits": [{"code": "lounge", "name": "Lounge", "uses": 2}]},
                {"code": "gold", "name": "Gold", "reach": 50_000},
            ],
        },
    },
    "rules": [{"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100}],
}  # fmt: skip


@pytest.fixture(scope="module")
def me(site) -> dict[str, str]:
    """Somebody on silver."""
    site.publish(PROGRAM)
    made = new_member(site)
    lines = [{"sku": "SOUP", "quantity": 1, "unit_minor": 12_000}]
    sale = site.basket(card=made["card"], lines=lines, total_minor=12_000)
    assert site.call("POST", "/v1/receipts", sale).is_success
    return made


def fits(page: Any, axe: str) -> None:
    page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })")
    assert browsing.violations(page, axe) == []
    assert browsing.overflow(page) <= 0


@pytest.mark.parametrize(("scheme", "width"), [("light", WIDE), ("dark", SMALL)])
def test_every_page_is_accessible_and_fits(looking: Browsing, site, me, axe, scheme, width):
    owner = browsing.staff(site)
    for path in ("/console/tiers", f"/console/members/{me['member_id']}/tiers"):
        page = looking.page(path, owner, scheme=scheme, width=width)
        assert "Silver" in page.inner_text("main")
        fits(page, axe)
    page = looking.page("/m/tiers", signed_in(site, me["member_id"]), scheme=scheme, width=width)
    assert "Lounge" in page.inner_text("main")
    fits(page, axe)


def test_staff_note_a_use_and_set_a_level(looking: Browsing, site, me):
    where = f"/console/members/{me['member_id']}/tiers"
    page = looking.page(where, browsing.staff(site, "operator"))
    assert "380.00" in page.inner_text("main"), "what is missing for Gold"
    page.get_by_role("button", name="Note a use of Lounge").click()
    page.wait_for_selector("text=used 1 of 2")
    page.locator("summary", has_text="Set the level by hand").click()
    page.get_by_label("Level", exact=True).select_option("gold")
    page.get_by_label("Until the review on").fill("2098-01-01")
    page.get_by_label("Why").fill("Gold at another shop")
    page.get_by_role("button", name="Set the level", exact=True).click()
    page.wait_for_selector("text=Gold at another shop")
    assert "Goes to Silver at the review" in page.inner_text("main")
    page = looking.page("/console/tiers", browsing.staff(site))
    moved = page.get_by_role("table", name="Moved in the last month").inner_text()
    assert "Silver\tGold\tset by hand" in moved, moved


@pytest.mark.parametrize("language", ["it", "pl", "ru", "zh"])
def test_members_see_where_they_stand_in_their_language(looking, site, me, language):
    token = signed_in(site, me["member_id"])
    page = looking.page("/m/offers", token, width=PHONE, language=language)
    page.locator("a[href='/m/tiers']").click()
    page.wait_for_url("**/m/tiers")
    said = page.inner_text("main")
    assert "Silver" in said and "until" not in said and "You" not in said


def test_who_is_near_a_level_is_named_as_in_every_list_of_members(looking: Browsing, site, me, axe):
    near = new_member(site)
    lines = [{"sku": "SOUP", "quantity": 1, "unit_minor": 9000}]
    sale = site.basket(card=near["card"], lines=lines, total_minor=9000)
    assert site.call("POST", "/v1/receipts", sale).is_success
    page = looking.page("/console/tiers", browsing.staff(site))
    page.get_by_role("link", name="Who nearly comes up").click()
    row = page.get_by_role("row").filter(has=page.locator(f"[href$='{near['member_id']}']"))
    assert "Mia" in row.inner_text() and near["card"] in row.inner_text().replace(" ", "")
    assert page.get_by_label("At least so many % of the next level").input_value() == "80"
    fits(page, axe)


def test_the_condition_of_a_level_is_told_where_enough_was_bought(looking: Browsing, site):
    """Everything is reached but the day: the bar is full, and both pages say what is lacking."""
    ladder = PROGRAM["tiers"]["status"]
    vip = {"code": "vip", "name": "VIP", "reach": 5000, "when": {"store": ["S9"]}}
    tiers = {"status": ladder | {"levels": [{"code": "basic", "name": "Basic"}, vip]}}
    site.publish(PROGRAM | {"tiers": tiers})
    her = new_member(site)
    lines = [{"sku": "SOUP", "quantity": 1, "unit_minor": 6000}]
    sale = site.basket(card=her["card"], lines=lines, total_minor=6000)
    assert site.call("POST", "/v1/receipts", sale).is_success
    page = looking.page("/m/tiers", signed_in(site, her["member_id"]), width=PHONE)
    said = page.inner_text("main")
    assert "You have enough for VIP. You come up with a purchase if" in said and "S9" in said
    assert "0.00 more" not in said
    page = looking.page(f"/console/members/{her['member_id']}/tiers", browsing.staff(site))
    said = page.inner_text("main")
    assert "Enough for VIP; comes up with a purchase if" in said and "S9" in said
    site.publish(PROGRAM)
