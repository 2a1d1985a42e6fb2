"""The cashier's page: sale, spending, undoing, enrolling, pairing; by keyboard, in every look."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.api import day_of
from support.browser import SMALL, overflow, squeezed_size, violations
from support.counter import (
    PROGRAM,
    TABLET,
    balance,
    begin,
    card,
    fresh,
    number,
    paired,
    reads,
    row,
    sold,
    step,
    text,
)
from tessera.doors.cashier import areas
from tessera.doors.language.words import LANGUAGES, catalogue

pytestmark = pytest.mark.browser
# Bytes after gzip. The page is what is loaded at first; the counter comes once a shift begins.
FIRST_JS, SALE_JS, CSS, HTML = 6_000, 16_500, 8_000, 8_000


@pytest.fixture(scope="module")
def shop(site):
    """A shop with a program; cards that nobody has used."""
    site.publish(PROGRAM)
    return site


@pytest.fixture
def till(looking, shop):
    """A paired device whose shift has begun."""
    return lambda language="en": paired(looking, shop, language)


def test_a_sale_is_three_steps_by_keyboard(till, shop):
    page, held = till(), fresh(shop)
    card(page, held)
    assert text(page, "name") == "Ada B."
    sold(page, "12,50")
    told = [text(page, each) for each in ("paid", "given", "balance")]
    assert told == ["€12.50", "+25", "25"]
    assert "25 points" in text(page, "screen")
    assert row(shop, number(page)) == ("T1", "C7", "scan", 0, 1250, 25, 0)
    page.keyboard.type("2")  # whatever is typed now begins the next customer
    step(page, "card-step")
    assert page.locator("#card").input_value() == "2"
    assert balance(shop, held) == 25


def test_points_are_kept_until_they_are_spent(till, shop):
    page, held = till(), fresh(shop, 100)
    card(page, held)
    page.keyboard.type("50")
    page.wait_for_selector("#spending:not([hidden])")
    assert "up to 100, worth €1.00" in text(page, "could")
    page.locator("#spend").fill("60")
    page.keyboard.press("Enter")
    page.wait_for_selector("#spend-told:not([hidden])")
    assert text(page, "to-pay") == "€49.40"
    assert shop.post("/v1/identify", {"card": held}).json()["balance"]["held"] == 60
    page.keyboard.press("Enter")
    step(page, "result-step")
    assert (text(page, "paid"), text(page, "taken")) == ("€49.40", "spent: 60")
    assert row(shop, number(page))[-2:] == (98, 60)
    assert balance(shop, held) == 100 - 60 + 98


def test_who_starts_again_lets_the_points_go(till, shop):
    page, held = till(), fresh(shop, 100)
    card(page, held)
    page.keyboard.type("50")
    page.wait_for_selector("#spending:not([hidden])")
    page.keyboard.press("F9")
    page.wait_for_selector("#spend-told:not([hidden])")
    with page.expect_response("**/quote.cancel"):
        page.keyboard.press("Escape")
    step(page, "card-step")
    assert shop.post("/v1/identify", {"card": held}).json()["balance"]["held"] == 0


def test_lines_a_late_card_and_the_reason(till, shop):
    page, held = till(), fresh(shop)
    page.keyboard.press("F2")
    step(page, "basket-step")
    page.get_by_text("Lines", exact=True).click()
    for sku, quantity, price in (("LATTE", "3", "2.50"), ("CAKE", "1", "4")):
        page.locator("#sku:focus").wait_for()
        for typed in (sku, quantity, price):
            page.keyboard.type(typed)
            page.keyboard.press("Enter")
    page.wait_for_selector("#told:not([hidden])")
    page.locator("#late input").fill(held)
    page.keyboard.press("Enter")
    reads(page, "Ada B.")
    reads(page, "1 unit of LATTE free")
    assert text(page, "to-pay") == "€9.00"
    page.locator("#confirm").click()
    step(page, "result-step")
    assert row(shop, number(page))[1:5] == ("C7", "typed", 2, 1150)


def test_undo_gives_money_and_points_back(till, shop):
    page, held = till(), fresh(shop, 100)
    card(page, held)
    sold(page)
    page.keyboard.press("F8")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Enter")
    reads(page, "Undone")
    assert (text(page, "paid"), text(page, "given")) == ("€50.00", "\N{MINUS SIGN}100")
    assert balance(shop, held) == 100


def test_some_lines_come_back_later(till, shop):
    page, held = till(), fresh(shop)
    card(page, held)
    page.get_by_text("Lines", exact=True).click()
    for typed in ("WINE", "3", "10"):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
    page.wait_for_selector("#told:not([hidden])")
    page.locator("#confirm").click()
    step(page, "result-step")
    page.keyboard.press("Enter")
    page.keyboard.press("F8")
    step(page, "undo-step")
    page.locator("#recent button").first.click()
    page.locator("#return-lines input").fill("2")
    page.keyboard.press("Enter")
    step(page, "result-step")
    assert text(page, "paid") == "€20.00"
    assert balance(shop, held) == 20


def test_a_receipt_of_another_till_comes_back_whole(till, shop):
    page, held = till(), fresh(shop)
    basket = shop.basket(card=held, till="9", business_date="2026-11-20")
    basket["happened_at"] = "2026-11-20T10:00:00+01:00"
    assert shop.post("/v1/receipts", basket).status_code == 201
    page.keyboard.press("F8")
    step(page, "undo-step")
    page.get_by_text("A receipt of another till").click()
    page.locator("#else-number").fill(basket["number"])
    page.locator("#else-day").fill("2026-11-20")
    page.locator("#else-till").fill("9")
    page.keyboard.press("Enter")
    step(page, "result-step")
    assert text(page, "paid") == "€9.00"
    assert balance(shop, held) == 0


def test_a_phone_that_nobody_has_enrols(till, shop):
    page = till()
    page.keyboard.type("333 765 4321")
    page.keyboard.press("Enter")
    step(page, "basket-step")  # ten digits may be a card that nobody has used
    page.keyboard.press("Escape")
    page.keyboard.type("+39 333 765 4321")
    page.keyboard.press("Enter")
    step(page, "enrol-step")
    assert page.locator("#new-phone").input_value() == "+393337654321"
    page.locator("#new-given").fill("Carla")
    page.locator("#new-family").fill("Verdi")
    page.get_by_label("You may write to me. (by e-mail)").check()
    page.locator("#proof").fill("P-17")
    page.locator("#new-family").press("Enter")
    step(page, "basket-step")
    assert text(page, "name") == "Carla V."
    sold(page, "10")
    page.keyboard.press("Enter")
    page.keyboard.type("333 765 4321")  # as the country dials
    page.keyboard.press("Enter")
    reads(page, "Carla V.")
    found = shop.call("GET", "/v1/members?limit=200").json()["items"]
    who = next(each["member_id"] for each in found if each["name"] == "Carla V.")
    consents = shop.call("GET", f"/v1/members/{who}/consents").json()
    assert "P-17" in str(consents) and "till" in str(consents)


def test_a_blocked_card_and_a_wrong_amount_are_told(till, shop):
    page, held = till(), fresh(shop)
    shop.call("POST", f"/v1/cards/{held}/block", {"reason": "lost"})
    page.keyboard.type(held)
    page.keyboard.press("Enter")
    reads(page, "blocked or replaced")
    assert page.locator("#card-step").is_visible()
    page.keyboard.press("F2")
    page.keyboard.type("twelve")
    page.keyboard.press("Enter")
    reads(page, "Type an amount such as")


def test_only_a_tills_key_pairs_and_unpairing_leaves_nothing(till, shop, looking):
    page = looking.page("/till/pair", **TABLET)
    looking.forgiven += ["422"]
    page.get_by_label("Key of the till").fill(shop.admin)
    page.keyboard.press("Enter")
    page.get_by_text("may do more than a till may").first.wait_for()
    page = till()
    card(page, fresh(shop))
    sold(page)
    kept = page.context.cookies()
    assert [(c["name"], c["httpOnly"], c["sameSite"], c["path"]) for c in kept] == [
        ("tessera_till", True, "Strict", "/till")
    ]
    page.goto("/till/pair")
    page.get_by_role("button", name="Unpair this device").click()
    page.get_by_role("button", name="Unpair this device").last.click()
    reads(page, "has no key any more")
    assert page.context.cookies() == []
    assert page.evaluate("indexedDB.databases().then(found => found.length)") == 0
    assert page.evaluate("caches.keys().then(found => found.length)") == 0


def test_scripts_ask_only_what_a_counter_needs(shop):
    sent = {"Cookie": f"tessera_till={shop.till}", "Origin": shop.url}

    def asked(operation: str, **headers: str) -> Any:
        return shop.client.post(f"/till/call/{operation}", json={"do": "call", "body": {}},
                                headers=sent | headers)  # fmt: skip

    assert asked("store.list").json()["code"] == "operation_unknown"
    assert asked("identify").json()["code"] == "member_not_named"
    assert asked("identify", Origin="https://elsewhere.example").status_code == 403
    assert asked("identify", Cookie="").status_code == 303


def test_a_counter_gives_all_that_is_left_back_with_no_lines(shop):
    """As pages of the release before say it too, and what waits on a device."""
    sold = shop.basket()
    paid = shop.post("/v1/receipts", sold).json()["to_pay_minor"]
    key = {name: sold[name] for name in ("store", "till", "number")}
    back = {
        "sale": key | {"business_date": day_of(sold), "shift": ""}, "store": "S1", "till": "1",
        "number": f"b-{sold['number']}", "happened_at": sold["happened_at"], "lines": [],
    }  # fmt: skip
    assert shop.post("/v1/returns", back).json()["code"] == "lines_empty"
    sent = {"Cookie": f"tessera_till={shop.till}", "Origin": shop.url}
    asked = {"do": "call", "body": back, "key": "back-1"}
    said = shop.client.post("/till/call/receipt.return", json=asked, headers=sent).json()
    assert (said["kind"], said["refund_minor"]) == ("return", paid)


LOOKS = [("light", 1024, "en"), ("dark", 390, "it"), ("light", SMALL, "ru"), ("dark", SMALL, "pl"),
         ("light", 390, "zh")]  # fmt: skip


@pytest.mark.parametrize(
    ("scheme", "width", "language"),
    [
        LOOKS[2],
        *(pytest.param(*each, marks=pytest.mark.faults_long) for each in LOOKS if each != LOOKS[2]),
    ],
)
def test_every_step_is_accessible_fits_and_speaks_one_language(
    looking, shop, axe, scheme, width, language
):
    page = looking.page("", scheme=scheme, width=width, height=800, language=language)
    found: list[str] = []

    def look() -> None:
        assert violations(page, axe) == []
        assert overflow(page) <= 0
        found.append(page.locator("body").inner_text())

    page.goto(f"/till/pair#{shop.till}")
    page.wait_for_url("**/till")
    step(page, "start")
    look()
    begin(page)
    look()
    card(page, fresh(shop, 100))
    page.keyboard.type("50")
    page.wait_for_selector("#told:not([hidden])")
    look()
    page.keyboard.press("F9")
    page.wait_for_selector("#spend-told:not([hidden])")
    page.keyboard.press("Enter")
    step(page, "result-step")
    page.locator("#slip-box summary").click()
    look()
    page.keyboard.press("Escape")
    page.locator("#next").click()
    for key, name in (("F4", "enrol-step"), ("F8", "undo-step")):
        page.keyboard.press(key)
        step(page, name)
        look()
        page.keyboard.press("Escape")
    assert mixed("\n".join(found), language) == []


def mixed(said: str, language: str) -> list[str]:
    """English sentences of ours on a page of another language."""
    words = catalogue(language)
    folder = next(iter(areas.__path__))
    written = (Path(folder) / "sale" / "words" / "it.po").read_text()
    ids = set(re.findall(r'^msgid "(.{12,})"$', written, re.MULTILINE))
    return [] if language == "en" else [
        each for each in ids if "%(" not in each and words.gettext(each) != each and each in said
    ]  # fmt: skip


def test_every_language_has_every_sentence():
    for language in LANGUAGES:
        assert catalogue(language).knows("Whose card?")


def test_budgets(looking, shop):
    """The first view; then a whole sale, with allowances. Enrolling and returns come when asked."""
    page = looking.page("", **TABLET)
    looking.sign_in(page.context, "till", shop.till)
    page.context.add_init_script("delete Navigator.prototype.serviceWorker")  # it fetches twice
    asked: set[str] = set()
    page.on("request", lambda got: asked.add(got.url) if got.method == "GET" else None)
    page.goto("/till")
    step(page, "start")
    first = sizes(shop, asked)
    begin(page)
    card(page, fresh(shop))
    sold(page)
    whole = sizes(shop, asked)
    assert 0 < first["js"] <= FIRST_JS
    assert 0 < first["html"] <= HTML
    assert first["js"] < whole["js"] <= SALE_JS
    assert 0 < whole["css"] <= CSS


def sizes(shop: Any, asked: set[str]) -> dict[str, int]:
    """Bytes after gzip of what a browser has asked for, by kind."""
    found = {"js": 0, "css": 0, "html": 0, "svg": 0}
    for url in asked:
        kind = urlsplit(url).path.rpartition(".")[2]
        sent = shop.client.get(url, headers={"Cookie": f"tessera_till={shop.till}"})
        found[kind if kind in found else "html"] += squeezed_size(sent.content)
    return found
