"""Rules in a real browser: written by keyboard, tried, published by two people, taken back."""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest

from support import browser as browsing
from support import database
from tessera.base.refusal import Refusal
from tessera.program import flows
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics

pytestmark = pytest.mark.browser
BASE = {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}
PROGRAM: dict[str, Any] = {
    "name": "Shop", "currency": "EUR", "approvals": ["publish"], "numbers": {"triple": 300},
    "rules": [BASE],
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(site):
    """The program asks for two people from now on; two managers."""
    site.publish(PROGRAM)
    return browsing.staff(site, "manager"), browsing.staff(site, "manager")


def active(page) -> dict[str, str]:
    """What has the keyboard: its words, its name."""
    return page.evaluate(
        """() => { const each = document.activeElement; return {
            words: (each.getAttribute("aria-label") || each.textContent || "").trim(),
            name: each.name || "", id: each.id, value: each.value || ""}; }"""
    )


def tab_to(page, wanted: str, *, by: str = "words") -> None:
    """Press Tab until it is there, as somebody without a mouse does."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if active(page)[by] == wanted:
            return
    raise AssertionError(f"Tab never came to {wanted}")


def focused(page, id: str) -> None:
    """Wait until the keyboard is there."""
    page.wait_for_selector(f'[id="{id}"]:focus')


def said(page) -> str:
    return page.locator("#said .sentence").inner_text()


def drafted(page, rule: str = "base") -> str:
    """The address of a new draft, with the named rule's editor open."""
    page.goto("/console/rules")
    page.get_by_label("Name of the draft").fill("Spring")
    page.get_by_role("button", name="Begin a draft").click()
    page.wait_for_url("**/drafts/*")
    address = page.url
    page.get_by_role("link", name=rule, exact=True).click()
    page.wait_for_url("**/rules/*")
    return address


def test_a_rule_of_two_groups_is_written_without_a_mouse_and_published_by_two(looking, shop):
    one, two = shop
    page = looking.page("/console/rules/new", one)
    tab_to(page, "multiplier", by="value")
    page.keyboard.press("Enter")
    page.wait_for_url("**/drafts/*/rules/2")
    draft = page.url.split("/rules/2")[0]
    # The first group: a day of the week, and a total.
    for _ in range(page.locator('button[value^="drop when."]').count()):
        tab_to(page, "drop when.0", by="value")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("at=when"))
        focused(page, "when:new")
    if active(page)["id"] != "when:new":
        tab_to(page, "when:new", by="id")
    page.keyboard.type("Day of the w")
    tab_to(page, "Add condition")
    page.keyboard.press("Enter")
    focused(page, "when.0:kind")
    assert "if it is Saturday or Sunday" in said(page)
    # A second group inside: online, or a total from 50 on.
    tab_to(page, "group when", by="value")
    page.keyboard.press("Enter")
    focused(page, "when.1:new")
    assert page.get_by_text("Nothing is in this group yet").is_visible()
    page.keyboard.type("Channel")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    focused(page, "when.1.0:kind")
    tab_to(page, "when.1:new", by="id")
    page.keyboard.type("Total of")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    focused(page, "when.1.1:kind")
    tab_to(page, "when.1.1.at_least_minor", by="id")
    page.keyboard.press("Control+A")
    page.keyboard.type("75")
    page.locator("#said", has_text="75.00 EUR").wait_for()
    assert active(page)["id"] == "when.1.1.at_least_minor", "the form is not drawn anew"
    told = r"if it is Saturday or Sunday and \(.* or the receipt .* 75\.00 EUR"
    assert re.search(told, said(page))
    tab_to(page, "times_x100", by="id")
    page.keyboard.press("Control+A")
    page.keyboard.type("0")
    page.wait_for_selector("#times_x100[aria-invalid]")
    assert "from 100 to 10000" in page.locator("#times_x100-fault").inner_text()
    page.keyboard.press("Control+A")
    page.keyboard.type("$triple")
    page.locator("#said", has_text="3 times").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_selector(".notice.good")
    # As text it is the same rule.
    page.goto(f"{draft}/text")
    tab_to(page, "rules/0020-multiplier.yaml")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("file=rules"))
    text = page.locator("#text").input_value()
    assert "times_x100: $triple" in text and "receipt_total: 75" in text and "- any:" in text
    # Tried on a receipt: a Saturday, online.
    page.goto(f"{draft}/try")
    page.locator("#at").fill("2026-03-14T10:00")
    page.locator("#channel").select_option("online")
    tab_to(page, "Test it")
    page.keyboard.press("Enter")
    page.wait_for_selector("#points-then")
    assert page.locator("#points-now").inner_text() == "+18"
    assert page.locator("#points-then").inner_text() == "+54"
    # Sent, and agreed to by somebody else.
    page.goto(f"{draft}/changes")
    tab_to(page, "Send for approval or publish")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/approvals/*")
    agreed(looking, page.url, two)
    page.goto(draft)
    assert page.get_by_text("Published as version 3").is_visible()
    page.goto("/console/rules")
    assert page.get_by_role("heading", name="Points several times").is_visible()
    back(looking, page, two)


def agreed(looking, address: str, token: str) -> None:
    """The second person agrees."""
    other = looking.page(f"/{address.split('/', 3)[3]}", token)
    other.get_by_role("button", name="Agree, and do it").click()
    other.wait_for_selector(".notice.good")
    other.close()


def back(looking, page, two: str) -> None:
    """To the version before; that takes two as well."""
    page.goto("/console/rules/versions/2")
    assert page.get_by_text("What differs from version 3").is_visible()
    assert page.get_by_text("Taken away").is_visible()
    page.get_by_label("Why").fill("too dear")
    page.get_by_role("button", name="Go back to it").click()
    page.wait_for_url("**/console/approvals/*")
    agreed(looking, page.url, two)
    page.goto("/console/rules")
    assert page.get_by_text("Version 4").is_visible()
    assert not page.get_by_role("heading", name="Points several times").count()
    page.goto("/console/rules/versions")
    assert page.get_by_text("too dear").is_visible()


def test_form_and_text_are_one_truth_and_what_is_wrong_is_told(looking, shop):
    page = looking.page("/console/rules", shop[0])
    draft = drafted(page)
    page.locator("#points").fill("5")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_selector(".notice.good")
    page.goto(f"{draft}/text?file=rules/0010-base.yaml")
    box = page.locator("#text")
    assert "points: 5" in box.input_value()
    box.fill(f"# What everybody gets.\n{box.input_value().replace('points: 5', 'points: many')}")
    page.get_by_role("button", name="Save the text").click()
    assert page.get_by_text("rules/0010-base.yaml:4").is_visible()
    page.get_by_role("link", name="Show this rule as a form").click()
    assert page.locator("#points").input_value() == "many"
    assert "whole number" in page.locator("#points-fault").inner_text()
    page.locator("#points").fill("7")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_selector(".notice.good")
    page.goto(f"{draft}/text?file=rules/0010-base.yaml")
    assert page.locator("#text").input_value().startswith("# What everybody gets.\nid: base\n")
    page.goto(f"{draft}/changes")
    assert page.get_by_text("7 points for every 1.00 EUR.").is_visible()


def test_it_works_without_script(looking, shop):
    page = looking.page("/console/rules", shop[0], java_script_enabled=False)
    drafted(page)
    page.locator('[id="when:new"]').select_option("birthday")
    page.get_by_role("button", name="Add condition").click()
    assert "birthday" in said(page)
    page.get_by_role("button", name="Add group").first.click()
    page.locator('[id="when.1:new"]').select_option("channel")
    page.locator('button[value="add when.1"]').click()
    page.locator('button[value="up when.1"]').click()
    assert page.locator('[id="when.0.0:kind"]').input_value() == "channel"
    page.get_by_role("button", name="Add a limit").click()
    page.locator('[id="caps.0.times"]').fill("2")
    page.locator("header + div, form").first.wait_for()
    page.get_by_role("button", name="Save").first.click()
    assert "At most 2 times a month." in said(page)
    page.locator('button[value="drop when.0"]').click()
    page.locator('button[value="without caps.0"]').click()
    assert "month" not in said(page) and "birthday" in said(page)


def test_somebody_else_s_change_is_not_written_over(looking, shop):
    page = looking.page("/console/rules", shop[0])
    drafted(page)
    other = looking.page(page.url.split(looking.api.url)[1], shop[1])
    other.locator("#points").fill("9")
    other.get_by_role("button", name="Save").first.click()
    other.wait_for_selector(".notice.good")
    looking.forgiven.append("409")
    page.locator("#points").fill("4")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_selector(".notice.bad")
    assert page.locator("#points").input_value() == "4", "what was typed is still there"
    page.reload()


def published(site, body: dict[str, Any]) -> None:
    """By the command line, which asks nobody."""

    async def publish() -> None:
        reader, now = Reader(mechanics.shelf(), conditions.shelf()), datetime.now(UTC)
        async with await database.connect(site.dsn) as conn:
            made = await flows.publish(conn, reader, body, now, None, now)
            assert not isinstance(made, Refusal), made
            await conn.commit()

    with ThreadPoolExecutor(1) as aside:  # the browser has this thread's loop
        aside.submit(lambda: asyncio.run(publish())).result()


def test_a_draft_that_is_behind_says_so_and_is_rebased(looking, shop, site):
    page = looking.page("/console/rules", shop[0])
    draft = drafted(page)
    page.locator("#points").fill("6")
    page.get_by_role("button", name="Save").first.click()
    page.wait_for_selector(".notice.good")
    published(site, PROGRAM | {"rules": [BASE | {"name": "Base"}]})
    page.goto(draft)
    assert page.get_by_text("Another version decides by now").is_visible()
    page.get_by_role("button", name="Rebase").click()
    page.wait_for_url(re.compile("both=base"))
    assert page.get_by_text("Changed on both sides").is_visible()
