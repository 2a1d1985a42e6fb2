"""A counter in a browser: a device that is paired, and what a cashier does with it."""

from __future__ import annotations

from itertools import count
from typing import Any

from support.api import Api
from support.browser import Browsing

PROGRAM: dict[str, Any] = {
    "name": "Counter", "currency": "EUR", "unknown_cards": "any",
    "offline": {"points": 300, "share_percent": 50, "days": 2},
    "enrolment": {"country": "IT", "time_zone": "Europe/Rome"},
    "consents": {"purposes": {"news": {
        "channels": ["email"], "wording": "v1", "wordings": {"v1": {"en": "You may write to me."}},
    }}},
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
        {"id": "third", "mechanic": "every_nth_free", "product": "LATTE", "n": 3},
    ],
}  # fmt: skip
TABLET: dict[str, Any] = {"width": 1024, "height": 768}
CUT = ["ERR_INTERNET_DISCONNECTED", "ERR_FAILED"]  # what the browser itself says of a cut line
_cards = count(51)


def paired(looking: Browsing, shop: Api, language: str = "en") -> Any:
    """The page of a paired device whose shift has begun."""
    page = looking.page("", **TABLET, language=language)
    page.goto(f"/till/pair#{shop.till}")
    page.wait_for_url("**/till")
    begin(page)
    return page


def begin(page: Any, cashier: str = "C7") -> None:
    """Say who sells, at which till."""
    page.wait_for_selector("#start:not([hidden])")
    page.locator("#shift-cashier").fill(cashier)
    page.locator("#shift-till").fill("T1")
    page.keyboard.press("Enter")
    step(page, "card-step")


def step(page: Any, name: str) -> None:
    """Until a step is shown."""
    page.wait_for_selector(f"#{name}:not([hidden])")


def card(page: Any, number: str) -> None:
    """A scanner is a keyboard with Enter."""
    page.keyboard.type(number)
    page.keyboard.press("Enter")
    step(page, "basket-step")


def sold(page: Any, amount: str = "50") -> None:
    """Type an amount and confirm it, by keyboard alone."""
    page.keyboard.type(amount)
    page.wait_for_selector("#told:not([hidden])")
    page.keyboard.press("Enter")
    page.locator("#confirm:focus").wait_for()
    page.keyboard.press("Enter")
    step(page, "result-step")


def fresh(shop: Any, points: int = 0) -> str:
    """A registered member's new card, with so many points on it."""
    number = shop.cards[next(_cards)]
    body = {"identifiers": [{"kind": "card", "value": number}], "given_name": "Ada",
            "family_name": "Bianchi"}  # fmt: skip
    assert shop.post("/v1/members", body).status_code == 201
    if points:
        lines = [{"sku": "WINE", "quantity": 1, "unit_minor": points * 50}]
        basket = shop.basket(card=number, total_minor=points * 50, lines=lines)
        assert shop.post("/v1/receipts", basket).status_code == 201
    return number


def balance(shop: Any, number: str) -> int:
    """Points of a card."""
    said = shop.post("/v1/identify", {"card": number}).json()
    return said["balance"]["balance"]


def row(shop: Any, number: str) -> tuple[Any, ...]:
    """What the fraud rules will see of a receipt."""
    return shop.eye.execute(
        "SELECT till, cashier_id, entry_mode, card_scan_offset, gross_minor, points_earned,"
        " points_spent FROM checkout.receipt WHERE number = %s", [number]
    ).fetchone()  # fmt: skip


def number(page: Any) -> str:
    """Of the receipt that the result is of."""
    return page.locator("#result-number").inner_text()


def text(page: Any, name: str) -> str:
    """What stands in a part of the page."""
    return page.locator(f"#{name}").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def reads(page: Any, words: str) -> None:
    """Until a step, or what is wrong, says so; what is only read out does not count."""
    page.locator("section, #fault, .notice, .alone").get_by_text(words).first.wait_for()
