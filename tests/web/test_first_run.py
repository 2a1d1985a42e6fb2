"""From an empty installation to the first receipt, as an owner walks it, in a real browser."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4

import psycopg
import pyotp
import pytest

from support import api as shops
from support import database
from support.browser import PHONE, SMALL, Browsing, overflow, violations
from support.entering import GOOD
from tessera.doors.setup import NAME, prepare

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("TESSERA_SHOTS", "")


class Empty:
    """An installation in which nobody and nothing is: its address, its database, its code."""

    def __init__(self, url: str, dsn: str, code: str) -> None:
        self.url, self.dsn, self.code = url, dsn, code


@pytest.fixture
def empty(server, template, tmp_path):
    name = f"tessera_web_{uuid4().hex[:12]}"
    database.make(server, name, template)
    dsn = database.at(server, name)
    code = prepare(dsn, tmp_path / NAME)
    with shops.served(dsn, data_dir=tmp_path) as url:
        yield Empty(url, dsn, code)
    database.drop(server, name)


@pytest.fixture
def looking(browser, empty):
    found = Browsing(browser, empty)
    yield found
    found.close()


def sound(page, axe, name):
    """Nothing to complain of, on a desk and on a small phone; a picture for whoever looks."""
    page.evaluate("document.activeElement && document.activeElement.blur()")
    assert violations(page, axe) == [], name
    for width in (PHONE, SMALL):
        page.set_viewport_size({"width": width, "height": 800})
        assert overflow(page) <= 0, (name, width)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"first-{name}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"first-{name}.png", full_page=True)


def arrive(page, empty, axe):
    """The code, a name; interrupted, it begins again; then password and app."""
    page.goto("/console")
    page.wait_for_url("**/console/setup")
    sound(page, axe, "setup")
    page.get_by_label("Setup code").fill("aaaa-bbbb-cccc")
    page.get_by_label("Your name").fill("Anna Rossi")
    page.get_by_label("E-mail").fill("anna@example.org")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("code of this installation").first.wait_for()
    assert page.get_by_label("Your name").input_value() == "Anna Rossi", "what was typed stays"
    page.get_by_label("Setup code").fill(empty.code)
    page.get_by_role("button", name="Continue").click()
    page.locator(".secret").wait_for()
    page.goto("/console")  # the window was closed, or the phone was not at hand
    page.get_by_role("link", name="Begin it again").click()
    for field, said in (("Setup code", empty.code), ("Your name", "Anna Rossi"),
                        ("E-mail", "anna@example.org")):  # fmt: skip
        page.get_by_label(field).fill(said)
    page.get_by_role("button", name="Continue").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    sound(page, axe, "arrive")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_label("The same password again").fill(GOOD)
    page.get_by_label("Code that the app shows now").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="recovery codes").first.wait_for()


def test_an_owner_is_useful_in_five_steps(looking, empty, axe):
    looking.forgiven.append("403")  # the wrong code
    page = looking.page()
    arrive(page, empty, axe)
    page.goto("/console")
    steps = page.locator(".begin > li")
    assert steps.count() == 4
    sound(page, axe, "today")
    page.get_by_role("link", name="Set up the shop: Your shop").click()
    # The device's clock proposes it, as soon as the page's own script has run.
    zone = page.get_by_label("Time zone").element_handle()
    page.wait_for_function("field => field.value", arg=zone)
    page.get_by_label("The shop's name").fill("Bottega Verde")
    page.get_by_label("The first store").fill("Via Roma 12")
    page.get_by_label("Time zone").fill("Europe/Rome")
    sound(page, axe, "shop")
    page.get_by_role("button", name="Save and go on").click()
    key = page.locator("#key").inner_text()
    assert key.startswith("tsr_") or len(key) > 20
    sound(page, axe, "key")

    page.get_by_role("link", name="Go on: what members earn").click()
    rate = page.get_by_label("Members get back")
    assert rate.input_value() == "2"
    rate.fill("3")
    page.get_by_text("gives 75 points").wait_for()
    sound(page, axe, "rate")
    page.get_by_role("button", name="Use this rate").click()

    page.get_by_label("How many cards").fill("50")
    sound(page, axe, "cards")
    page.get_by_role("button", name="Save and go on").click()

    page.wait_for_url("**/console/begin/receipt")
    proposed = page.get_by_label("Card or phone").input_value()
    assert proposed.startswith("2900"), "the first card of the batch"
    sound(page, axe, "receipt")
    page.get_by_role("button", name="Ring it up").click()
    page.get_by_text("+75").first.wait_for()
    sound(page, axe, "rung")
    page.get_by_role("link", name="Back to Today").click()
    assert page.locator(".begin").count() == 0, "all is done"
    assert page.locator(".brand").first.inner_text().strip() == "Bottega Verde"
    with psycopg.connect(empty.dsn) as eye:
        found = eye.execute("SELECT points_earned, to_pay_minor FROM checkout.receipt").fetchall()
    assert found == [(75, 2500)]


def test_this_device_becomes_a_till(looking, empty, axe):
    looking.forgiven.append("403")
    page = looking.page()
    arrive(page, empty, axe)
    page.goto("/console/begin/shop")
    page.get_by_label("The shop's name").fill("Bottega Verde")
    page.get_by_label("The first store").fill("Via Roma 12")
    page.get_by_label("Time zone").fill("Europe/Rome")
    page.get_by_role("button", name="Save and go on").click()
    with page.context.expect_page() as opened:
        page.get_by_role("button", name="Open the cashier page on this device").click()
    till = opened.value
    till.wait_for_url("**/till")
    names = {each["name"] for each in page.context.cookies()}
    assert {"tessera_till", "tessera_console"} <= names


def test_what_cannot_be_is_said_beside_its_field(looking, empty, axe):
    looking.forgiven += ["403", "422"]
    page = looking.page()
    arrive(page, empty, axe)
    page.goto("/console/begin/rate")
    page.get_by_label("Members get back").fill("80")
    page.get_by_role("button", name="Use this rate").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Members get back").get_attribute("aria-invalid") == "true"
    page.goto("/console/begin/cards")
    page.get_by_label("How many cards").fill("many")
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("How many cards").input_value() == "many"
