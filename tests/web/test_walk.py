"""Newcomers walk through an empty installation, each to what he is here for, with pictures.

TESSERA_SHOTS=docs/pictures keeps the pictures that the README shows.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from support import browser as browsing
from support import home
from support.api import Api
from support.browser import PHONE, Browsing
from support.counter import begin, card, sold, step, text
from web.test_cabinet import newest_code, press, typed
from web.test_first_run import Empty, arrive
from web.test_first_run import empty as empty
from web.test_first_run import looking as looking
from web.test_rules import agreed

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("TESSERA_SHOTS", "")
PHONE_NUMBER = "+39 333 765 4321"
MORE: dict[str, Any] = {
    "approvals": ["publish"],
    "enrolment": {"open": True, "country": "IT", "time_zone": "Europe/Rome", "welcome": "joined"},
    "events": {"joined": {}},
    "rules": [
        {"id": "welcome", "name": "Welcome", "mechanic": "event_gift", "type": "joined",
         "prize": {"points": 100}},
    ],
}  # fmt: skip


class Walk:
    """Who walks, on which devices, and what is remembered from one to the next."""

    def __init__(self, looking: Browsing, empty: Empty, place: Path) -> None:
        self.looking, self.empty, self.place = looking, empty, place
        self.api: Any = None

    def shot(self, page: Any, name: str) -> None:
        """A picture, where somebody asks for it."""
        if SHOTS:
            Path(SHOTS).mkdir(exist_ok=True)
            page.screenshot(path=Path(SHOTS) / f"{name}.png")

    def staff(self, role: str, path: str) -> Any:
        """A page that somebody in this role has opened."""
        return self.looking.page(path, browsing.staff(self.api, role))


@pytest.fixture
def walk(looking, empty, tmp_path):
    found = Walk(looking, empty, tmp_path)
    yield found
    if found.api is not None:
        found.api.close()


def owner_sets_up(walk: Walk, axe: str) -> Any:
    """Shop, rate, cards; the till is opened on the same device."""
    page = walk.looking.page()
    walk.looking.forgiven.append("403")  # a wrong setup code is tried
    arrive(page, walk.empty, axe)
    page.goto("/console/begin/shop")
    page.get_by_label("The shop's name").fill("Bottega Verde")
    page.get_by_label("The first store").fill("Via Roma 12")
    page.get_by_label("Time zone").fill("Europe/Rome")
    walk.shot(page, "1-setup-shop")
    page.get_by_role("button", name="Save and go on").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open the cashier page on this device").click()
    till = opened.value
    walk.looking.watch(till)
    till.wait_for_url("**/till")
    page.get_by_role("link", name="Go on: what members earn").click()
    page.get_by_label("Members get back").fill("2")
    walk.shot(page, "2-setup-rate")
    page.get_by_role("button", name="Use this rate").click()
    page.get_by_label("How many cards").fill("50")
    page.get_by_role("button", name="Save and go on").click()
    page.wait_for_url("**/console/begin/receipt")
    token = next(c["value"] for c in page.context.cookies() if c["name"] == "tessera_console")
    walk.api = Api(walk.empty.url, walk.empty.dsn, "", "", token, [])
    open_to_members(walk.api)
    return till


def open_to_members(api: Api) -> None:
    """The program lets people join, and asks for two people from now on."""
    told = api.call("GET", "/v1/program").json()["program"]
    told |= MORE | {"rules": [*told["rules"], *MORE["rules"]]}
    said = api.call("POST", "/v1/program", told)
    assert said.is_success, said.text
    batch = {"prefix": "24", "count": 100, "label": "phone"}
    assert api.call("POST", "/v1/card-batches", batch).is_success


def cashier_sells(walk: Walk, till: Any) -> None:
    """To a member who has no card yet: by phone; then the points pay."""
    begin(till, "Carla")
    card(till, PHONE_NUMBER)
    sold(till, "50")
    assert text(till, "given") == "+100"
    walk.shot(till, "4-till-sold")


def member_joins(walk: Walk) -> Any:
    """On a phone, with a code that comes by SMS."""
    page = walk.looking.page("/m/join", width=PHONE, height=844)
    typed(page, "Given name", "Bianca")
    typed(page, "Phone or e-mail", PHONE_NUMBER)
    walk.shot(page, "3-join")
    press(page, "Next")
    typed(page, "Code", newest_code(home.Web(walk.api, walk.place)))
    press(page, "Join")
    page.wait_for_url("**/m")
    press(page, "Get a card number, with a bar code")
    page.get_by_text("This is your card now.").wait_for()
    home.wait(lambda: points(page) == "100")
    return page


def points(page: Any) -> str:
    page.goto("/m")
    return page.locator(".points").inner_text()


def member_sees_and_spends(walk: Walk, page: Any, till: Any) -> None:
    """The points of the purchase and why; then they pay a part of the next one."""
    assert points(page) == "200"
    walk.shot(page, "5-member-home")
    page.goto("/m/history")
    page.get_by_text("€50.00").click()
    page.get_by_role("heading", name="Why 100 points").wait_for()
    walk.shot(page, "6-member-why")
    till.get_by_role("button", name="Next customer").click()
    step(till, "card-step")
    card(till, PHONE_NUMBER)
    till.keyboard.type("20")
    till.wait_for_selector("#spending:not([hidden])")
    till.locator("#spend").fill("150")
    till.keyboard.press("Enter")
    till.wait_for_selector("#spend-told:not([hidden])")
    walk.shot(till, "7-till-spends")
    till.keyboard.press("Enter")
    step(till, "result-step")
    assert text(till, "paid") == "€18.50"
    assert points(page) == str(200 - 150 + 37)


def manager_changes_a_rule(walk: Walk) -> None:
    """Three per cent instead of two; a second manager agrees."""
    page = walk.staff("manager", "/console/rules")
    walk.shot(page, "8-rules")
    page.get_by_label("Name of the draft").fill("Three per cent")
    page.get_by_role("button", name="Begin a draft").click()
    page.wait_for_url("**/drafts/*")
    draft = page.url
    page.locator("main a[href*='/rules/1']").first.click()
    page.wait_for_url("**/rules/1")
    page.locator("#points").fill("3")
    page.locator("#said", has_text="3 points").wait_for()
    walk.shot(page, "9-rule-editor")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_selector(".notice.good")
    page.goto(f"{draft}/changes")
    page.get_by_role("button", name="Send for approval or publish").click()
    page.wait_for_url("**/console/approvals/*")
    walk.shot(page, "10-approval")
    agreed(walk.looking, page.url, browsing.staff(walk.api, "manager"))
    page.goto("/console/rules")
    page.get_by_text("3 points for every 1.00 EUR").wait_for()


def call_centre_explains(walk: Walk) -> str:
    """One box, the member, the receipt, and why it gave what it gave. The member's address."""
    page = walk.staff("operator", "/console/members")
    page.get_by_role("searchbox").fill(PHONE_NUMBER)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/members/*")
    walk.shot(page, "11-member")
    address = page.url.split(walk.empty.url)[1].partition("?")[0]
    page.locator("#past").get_by_role("link", name="Purchase of €50.00").click()
    page.wait_for_url("**/receipts?only=*")
    assert "2 for every 1.00 EUR" in page.locator(".story").inner_text()
    walk.shot(page, "12-why")
    return address


def security_blocks_the_card(walk: Walk, member: str) -> None:
    page = walk.staff("security", f"{member}/profile")
    page.get_by_text("Block this card").click()
    page.get_by_label("Why").select_option("stolen")
    page.get_by_role("button", name="Block the card").click()
    page.get_by_text("The card is blocked").wait_for()
    walk.shot(page, "13-blocked")


def member_leaves(walk: Walk, page: Any) -> None:
    page.goto("/m/privacy/erase")
    page.get_by_label("I understand that it cannot be undone.").check()
    walk.shot(page, "14-erase")
    press(page, "Erase me for ever")
    page.wait_for_url("**/m/sign-in?out=1")
    page.get_by_text("You are erased").wait_for()
    asked = "SELECT count(*) FROM members.person WHERE given_name = 'Bianca'"
    assert walk.api.eye.execute(asked).fetchone() == (0,)


@pytest.mark.slow
def test_everybody_finds_what_he_is_here_for(walk, axe):
    till = owner_sets_up(walk, axe)
    member = member_joins(walk)
    cashier_sells(walk, till)
    member_sees_and_spends(walk, member, till)
    manager_changes_a_rule(walk)
    address = call_centre_explains(walk)
    security_blocks_the_card(walk, address)
    member_leaves(walk, member)
