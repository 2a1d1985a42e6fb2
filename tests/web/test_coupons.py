"""Coupons in a real browser: ordered and taken, shown at a till, held up by their member."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import browser as browsing
from support.counter import PROGRAM, card, fresh, paired, step, text
from support.coupons import BACK, OFF, THANKS, couponed
from support.things import new_member, signed_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(site):
    """A shop whose program has coupons."""
    own = couponed(OFF, THANKS, BACK)
    site.publish(PROGRAM | {"rules": own["rules"], "coupons": own["coupons"]})
    return site


@pytest.fixture(scope="module")
def owner(shop):
    return browsing.staff(shop)


def codes(shop, count=1):
    body = {"kind": "TENTH", "count": count, "label": "Flyer"}
    batch = shop.call("POST", "/v1/coupon-batches", body).json()["batch_id"]
    said = shop.call("POST", f"/v1/coupon-batches/{batch}/export", {})
    return said.json()["codes"]


def test_codes_are_ordered_taken_once_and_called_back(shop, owner, looking):
    page = looking.page("/console/coupons", owner)
    page.get_by_role("link", name="Order codes").first.click()
    page.get_by_label("Name of the order").fill("May")
    page.get_by_label("How many").fill("250")
    page.get_by_role("button", name="Order codes").click()
    page.get_by_text("The codes are ordered").wait_for()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Take the next codes").click()
    assert coming.value.suggested_filename == "coupons-May-0.csv"
    rows = Path(coming.value.path()).read_text().split()
    assert rows[0] == "code" and len(set(rows)) == 251
    page.reload()
    page.get_by_text("All codes were handed out.").wait_for()
    page.get_by_label("Reason").fill("wrong date")
    page.get_by_role("button", name="Call these codes back").click()
    page.get_by_role("dialog").get_by_role("button", name="Call these codes back").click()
    page.get_by_text("none of them counts any more").wait_for()
    page.goto("/console/coupons/find")
    page.get_by_label("Code").fill(rows[1].lower())
    page.get_by_role("button", name="Look up").click()
    page.locator(".badge", has_text="called back").wait_for()
    assert rows[1] not in page.url


def test_a_code_is_looked_up_and_one_that_is_wrong_is_told(shop, owner, looking):
    (code,) = codes(shop)
    page = looking.page("/console/coupons/find", owner)
    looking.forgiven.append("422")
    page.get_by_label("Code").fill(code[:-1] + "?")
    page.get_by_role("button", name="Look up").click()
    page.get_by_text("not how a code of ours looks").first.wait_for()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Look up").click()
    page.locator(".badge", has_text="good").wait_for()
    page.get_by_text("0 of 1").wait_for()


SCANNED = """codes => {  // faster than what they need is loaded
  const form = document.getElementById("couponing");
  for (const code of codes) {
    form.elements.coupon.value = code;
    form.requestSubmit();
  }
}"""


def test_a_coupon_is_rung_up_and_its_state_is_told(shop, looking):
    (code,) = codes(shop)
    page, held = paired(looking, shop), fresh(shop)
    card(page, held)
    page.keyboard.type("50")
    page.wait_for_selector("#told:not([hidden])")
    page.evaluate(SCANNED, ["SPRINGTIME", code])
    page.locator("#coupons").get_by_text(f"Coupon {code}: counts").wait_for()
    page.locator("#coupons").get_by_text("Coupon SPRINGTIME: unknown").wait_for()
    as_scanned = page.locator("#coupons li").all_inner_texts()
    assert ["SPRINGTIME" in as_scanned[0], code in as_scanned[1]] == [True, True]
    page.locator("#coupons button").first.click()
    page.locator("#coupons").get_by_text(f"Coupon {code}: counts").wait_for()
    assert text(page, "to-pay") == "€45.00"
    page.locator("#confirm").click()
    step(page, "result-step")
    assert text(page, "paid") == "€45.00"
    said = text(page, "screen")
    assert f"Coupon {code}: counts" in said and "given to the member" in said
    used = shop.call("POST", "/v1/coupons/find", {"code": code}).json()
    assert used["state"] == "used"


def test_a_member_holds_a_coupon_up_to_the_till(shop, looking):
    anna = new_member(shop)
    given = shop.post("/v1/receipts", shop.basket(card=anna["card"])).json()["coupons"][0]
    page = looking.page("/m/coupons", signed_in(shop, anna["member_id"]))
    assert given["code"] in page.inner_text("main")
    page.get_by_role("link", name="Show at the till").click()
    page.get_by_role("img", name="Code of your coupon").wait_for()
    assert given["code"] not in page.url
    shop.post("/v1/receipts", shop.basket(card=anna["card"], coupons=[given["code"]]))
    page.goto("/m/coupons")
    page.locator(".badge", has_text="used").wait_for()
