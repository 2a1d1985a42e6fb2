"""A reward from the office's form to the member's screen, and over the counter, in a browser."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from support import browser as browsing
from support.browser import PHONE
from support.home import PROGRAM
from support.makes.rewards import PNG
from support.things import new_member, signed_in

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("TESSERA_PICTURES", "")
_shots = count(1)


@pytest.fixture(scope="module")
def shop(site):
    said = site.call("POST", "/v1/program", PROGRAM)
    assert said.status_code == 201, said.text
    return site


@pytest.fixture(scope="module")
def owner(shop):
    return browsing.staff(shop)


def shot(page, name):
    """For the eyes, where somebody wants to see."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{next(_shots):02}-{name}.png", full_page=True)


def rich(site):
    me = new_member(site)
    body = {"member": {"card": me["card"]}, "points": 1000, "reason": "goodwill",
            "expires_at": "2098-01-01T00:00:00Z"}  # fmt: skip
    assert site.call("POST", "/v1/adjustments", body, token=site.somebody()).is_success
    return me | {"token": signed_in(site, me["member_id"])}


def test_a_reward_is_made_offered_taken_and_handed_over(shop, owner, looking):
    page = looking.page("/console/rewards", owner)
    page.get_by_role("link", name="New reward").first.click()
    page.get_by_label("Code", exact=True).fill("mug")
    page.get_by_label("Name in English").fill("Coffee mug")
    page.get_by_label("Price in points").fill("0")
    looking.forgiven.append("422")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Name in English").input_value() == "Coffee mug", "it stays"
    page.get_by_label("Price in points").fill("400")
    page.get_by_label("What one costs you").fill("3.20")
    page.get_by_label("How many there are").fill("5")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Offer it").click()
    page.get_by_text("Members can have it from now on.").wait_for()
    shot(page, "console-reward")
    told = shop.call("GET", "/v1/rewards/mug").json()
    assert (told["terms"]["cost_minor"], told["left"]) == (320, 5)

    me = rich(shop)
    mine = looking.page("", width=PHONE)
    looking.sign_in(mine.context, "m", me["token"])
    mine.goto("/m/rewards")
    shot(mine, "cabinet-rewards")
    mine.get_by_role("link", name="Coffee mug").click()
    mine.get_by_role("button", name="Put it on the wish list").click()
    mine.get_by_role("button", name="Take it off the wish list").wait_for()
    mine.get_by_role("button", name="Take it", exact=True).click()
    mine.get_by_role("dialog").get_by_role("button", name="Take it", exact=True).click()
    mine.get_by_text("Show this at the till.").wait_for()
    shot(mine, "cabinet-claim")
    code = mine.locator("b.number").inner_text()

    till = looking.page("")
    looking.sign_in(till.context, "till", shop.issue("till", "S1")[1])
    till.goto("/till/rewards")
    till.get_by_label("Code").fill(code.lower())
    till.get_by_role("button", name="Look").click()
    till.get_by_role("button", name="Hand over").click()
    till.get_by_text("Done: it was handed over").wait_for()
    shot(till, "till-reward")
    till.goto("/till/rewards")
    till.get_by_label("Code").fill(code)
    till.get_by_role("button", name="Look").click()
    till.get_by_text("Nothing can be handed over for this code.").wait_for()
    mine.reload()
    assert not mine.locator("b.number").count(), "what is used is not shown at a till"


def test_codes_are_loaded_and_one_is_seen_by_its_member(shop, owner, looking, tmp_path):
    page = looking.page("/console/pools", owner)
    page.locator("#new-code").fill("cinema")
    page.get_by_role("button", name="Begin the pool").click()
    listed = tmp_path / "codes.csv"
    listed.write_text("KINO-1,row 7\r\nKINO-2,row 8\r\nKINO-2,again\r\n")
    page.get_by_label("File").set_input_files(listed)
    page.get_by_role("button", name="Add the codes").click()
    page.get_by_text("The codes are in the pool.").wait_for()
    shot(page, "console-pools")
    (pool,) = shop.call("GET", "/v1/pools").json()["items"]
    assert (pool["codes"], pool["free"]) == (2, 2)
    terms = {"kind": "code", "names": {"en": "Cinema"}, "points": 100, "pool": "cinema"}
    assert shop.call("POST", "/v1/rewards", {"code": "kino", "terms": terms}).is_success
    assert shop.call("POST", "/v1/rewards/kino/picture", {"body": PNG}).is_success
    assert shop.call("POST", "/v1/rewards/kino/state", {"state": "offered"}).is_success
    me = rich(shop)
    mine = looking.page("", width=PHONE)
    looking.sign_in(mine.context, "m", me["token"])
    looking.forgiven.append("pictures")  # eight bytes are no picture: only its address counts
    mine.goto("/m/rewards/kino")
    mine.get_by_role("button", name="Take it", exact=True).click()
    mine.get_by_role("dialog").get_by_role("button", name="Take it", exact=True).click()
    mine.get_by_role("button", name="Show the code").click()
    mine.locator("#secret").wait_for()
    assert mine.locator("#secret").inner_text() in ("KINO-1", "KINO-2")
    shot(mine, "cabinet-secret")
    claims = shop.call("GET", "/v1/claims?reward=kino").json()["items"]
    page.goto(f"/console/claims/{claims[0]['claim_id']}")
    page.get_by_label("Reason").fill("wrong film")
    page.get_by_role("button", name="Cancel this claim").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel this claim").click()
    page.get_by_text("Cancelled: the points are back.").wait_for()
    shot(page, "console-claim")


def test_the_terms_are_told_before_one_takes_it(shop, looking):
    terms = {"kind": "goods", "names": {"en": "Kettle"}, "points": 100, "money_minor": 500,
             "pay_days": 5, "days": 7, "most": 1, "per": "month",
             "ends": "2097-02-01T00:00:00+01:00"}  # fmt: skip
    assert shop.call("POST", "/v1/rewards", {"code": "kettle", "terms": terms}).is_success
    assert shop.call("POST", "/v1/rewards/kettle/state", {"state": "offered"}).is_success
    me = rich(shop)
    mine = looking.page("", width=PHONE)
    looking.sign_in(mine.context, "m", me["token"])
    mine.goto("/m/rewards/kettle")
    for told in (
        "At most 1 a month.", "Pay within 5 days, else it goes back",
        "Fetch it in a shop within 7 days. If you do not, it is gone and so are its points.",
        "Until 31 Jan 2097",
    ):  # fmt: skip
        mine.get_by_text(told).wait_for()
    mine.get_by_role("button", name="Take it", exact=True).click()
    mine.get_by_role("dialog").get_by_role("button", name="Take it", exact=True).click()
    mine.get_by_text("To be paid until").wait_for()
    mine.goto("/m/rewards/kettle")
    mine.get_by_text("you have had as many as you may").wait_for()
    mine.get_by_text("You can have another one from 1 ").wait_for()
    assert not mine.get_by_role("button", name="Take it", exact=True).count()
    shot(mine, "cabinet-reward-full")


def test_a_coupon_for_which_nobody_gets_anything_is_told_where_it_is_offered(shop, owner, looking):
    idle = PROGRAM | {"coupons": {"IDLE": {"name": "A coffee"}}}
    checked = shop.call("POST", "/v1/program/check", idle).json()["warnings"]
    assert "unasked_coupon" in {each["code"] for each in checked}
    assert shop.call("POST", "/v1/program", idle).is_success
    terms = {"kind": "coupon", "names": {"en": "Coffee"}, "points": 100, "coupon": "IDLE"}
    assert shop.call("POST", "/v1/rewards", {"code": "coffee", "terms": terms}).is_success
    page = looking.page("/console/rewards/coffee", owner)
    told = page.get_by_text("No rule asks for it yet: whoever shows it gets nothing.")
    told.wait_for()
    page.get_by_role("button", name="Offer it").click()
    page.get_by_text("Members can have it from now on.").wait_for()
    told.wait_for()
    off = {"id": "off", "mechanic": "percent_off", "percent": 10, "coupon": "IDLE"}
    body = idle | {"rules": [*PROGRAM["rules"], off]}
    assert shop.call("POST", "/v1/program", body).is_success
    page.reload()
    page.get_by_role("heading", name="On offer", exact=True).wait_for()
    assert not told.count()
