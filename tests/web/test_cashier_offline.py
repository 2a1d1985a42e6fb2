"""The cashier's page while the line is cut: what waits is seen, and is posted once."""

from __future__ import annotations

from typing import Any

import pytest

from support.counter import (
    CUT,
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

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(site):
    """A shop with a program; cards that nobody has used."""
    site.publish(PROGRAM)
    return site


@pytest.fixture
def till(looking, shop):
    """A paired device whose shift has begun."""
    return lambda language="en": paired(looking, shop, language)


def test_without_the_line_it_waits_and_is_sent_once(till, shop, looking):
    looking.forgiven += CUT
    page, held = till(), fresh(shop, 200)
    with page.expect_response("**/allowance.issue"):
        card(page, held)
    page.wait_for_timeout(300)  # until it is written down
    page.keyboard.press("Escape")
    page.context.set_offline(True)
    card(page, held)
    page.keyboard.type("20")
    reads(page, "up to 100")
    page.locator("#spend").fill("80")
    page.keyboard.press("Enter")
    page.wait_for_selector("#spend-told:not([hidden])")
    page.keyboard.press("Enter")
    step(page, "result-step")
    assert text(page, "paid") == "€19.20"
    first = number(page)
    assert text(page, "count") == "1"
    page.goto("/till")  # the page itself comes from the device
    step(page, "card-step")
    card(page, held)
    page.keyboard.type("20")
    reads(page, "up to 20")  # what was let go counts
    page.keyboard.press("Escape")
    page.context.set_offline(False)
    page.wait_for_selector("#waiting[hidden]", state="attached")
    assert row(shop, first) == ("T1", "C7", "scan", 0, 2000, 38, 80)
    assert balance(shop, held) == 200 - 80 + 38


def typed_while_cut(till: Any, shop: Any, looking: Any) -> Any:
    """A basket of 20.00 that nobody could be asked about."""
    looking.forgiven += CUT
    page, held = till(), fresh(shop)
    card(page, held)
    page.context.set_offline(True)
    page.keyboard.type("20")
    reads(page, "when the line is back")
    return page


def test_when_the_line_is_back_the_basket_is_told_by_itself(till, shop, looking):
    page = typed_while_cut(till, shop, looking)
    page.context.set_offline(False)
    page.locator("#earns", has_text="+40").wait_for()
    page.locator("body[data-line=online]").wait_for()


def test_nothing_is_asked_for_who_has_gone(till, shop, looking):
    page = typed_while_cut(till, shop, looking)
    page.route("**/till/call/quote", lambda route: None)  # no answer, and no word that none comes
    with page.expect_request("**/till/call/quote"):
        page.context.set_offline(False)
    with page.expect_request("**/till/call/quote"):
        page.locator("#amount").press("Enter")  # it asks anew, and ends what was asked before
    page.keyboard.press("Escape")
    step(page, "card-step")
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url))
    page.wait_for_timeout(6000)  # longer than until no answer is waited for and it is asked again
    assert [url for url in asked if url.endswith("/quote")] == []


def test_points_promised_stay_taken_when_the_line_is_back(till, shop, looking):
    looking.forgiven += CUT
    page, held = till(), fresh(shop, 200)
    with page.expect_response("**/allowance.issue"):
        card(page, held)
    page.wait_for_timeout(300)  # until it is written down
    page.context.set_offline(True)
    page.keyboard.type("20")
    reads(page, "up to 100")
    page.locator("#spend").fill("80")
    page.keyboard.press("Enter")
    reads(page, "€19.20")
    page.context.set_offline(False)
    page.wait_for_timeout(4000)  # longer than until a basket is asked again
    assert text(page, "to-pay") == "€19.20"
    page.keyboard.press("Enter")
    step(page, "result-step")
    sent = number(page)
    page.wait_for_selector("#waiting[hidden]", state="attached")
    assert row(shop, sent)[-2:] == (38, 80)


def test_an_answer_that_is_lost_is_asked_for_again(till, shop, looking):
    looking.forgiven += CUT
    page, held = till(), fresh(shop)
    lost: list[Any] = []

    def lose(route: Any) -> None:
        """The server has the receipt, and its answer never arrives."""
        if not lost:
            route.fetch()
            lost.append(route.request.post_data_json["key"])
            route.abort()
        else:
            lost.append(route.request.post_data_json["key"])
            route.continue_()

    page.route("**/receipt.confirm", lose)
    card(page, held)
    sold(page, "30")
    assert text(page, "result-title") == "Kept on this device"
    page.wait_for_selector("#waiting[hidden]", state="attached")
    assert lost[0] == lost[1]
    assert balance(shop, held) == 60


def test_points_whose_answer_is_lost_are_void_or_covered(till, shop, looking):
    looking.forgiven += [*CUT, "422"]
    page, held = till(), fresh(shop, 100)
    page.route(
        "**/allowance.issue",
        lambda route: route.fulfill(
            status=409, json={"code": "tills_full", "why": "", "cure": "", "field": ""}
        ),
    )
    looking.forgiven.append("409")
    card(page, held)
    page.keyboard.type("30")
    page.wait_for_selector("#spending:not([hidden])")
    page.keyboard.press("F9")
    page.wait_for_selector("#spend-told:not([hidden])")
    page.route("**/receipt.confirm", lambda route: (route.fetch(), route.abort()), times=1)
    page.keyboard.press("Enter")
    reads(page, "Sell it again without points")
    page.wait_for_selector("#waiting[hidden]", state="attached")
    assert balance(shop, held) == 100  # posted, and given back


def test_points_that_an_allowance_covers_are_spent_once(till, shop, looking):
    """The first words were posted, the answer was lost: said otherwise it is the same receipt."""
    looking.forgiven += [*CUT, "409"]
    page, held = till("it"), fresh(shop, 200)
    with page.expect_response("**/allowance.issue"):
        card(page, held)
    page.keyboard.type("30")
    page.wait_for_selector("#spending:not([hidden])")
    page.locator("#spend").fill("60")
    page.keyboard.press("Enter")
    page.wait_for_selector("#spend-told:not([hidden])")
    page.route("**/receipt.confirm", lambda route: (route.fetch(), route.abort()), times=1)
    page.keyboard.press("Enter")
    step(page, "result-step")
    assert text(page, "paid") == "29,40 €"
    page.wait_for_selector("#waiting[hidden]", state="attached")
    assert row(shop, number(page))[-2:] == (58, 60)
    assert balance(shop, held) == 200 - 60 + 58


def test_what_is_refused_later_is_seen_and_decided(till, shop, looking):
    looking.forgiven += [*CUT, "409"]
    page, held = till(), fresh(shop)
    assert shop.call("POST", f"/v1/cards/{held}/block", {"reason": "lost"}).is_success
    page.context.set_offline(True)
    card(page, held)
    sold(page, "5")
    page.context.set_offline(False)
    page.wait_for_selector("#queued .bad", state="attached", timeout=20_000)
    page.locator("#waiting").click()
    page.get_by_role("button", name="Give up").click()
    page.get_by_role("button", name="Give up").last.click()
    page.wait_for_selector("#waiting[hidden]", state="attached")


def test_undone_before_it_was_sent_it_never_was(till, shop, looking):
    looking.forgiven += CUT
    page, held = till(), fresh(shop)
    page.context.set_offline(True)
    card(page, held)
    page.locator("body[data-line=cut]").wait_for()
    sold(page, "5")
    sent = number(page)
    page.keyboard.press("F8")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Enter")
    reads(page, "it was never sent")
    page.context.set_offline(False)
    assert page.locator("#waiting").is_hidden()
    assert row(shop, sent) is None


def test_the_device_is_not_unpaired_while_receipts_wait(till, shop, looking):
    looking.forgiven += CUT
    page = till()
    page.context.set_offline(True)
    page.keyboard.press("F2")
    page.keyboard.type("5")
    page.wait_for_timeout(400)
    page.keyboard.press("Enter")
    page.locator("#confirm").click()
    step(page, "result-step")
    page.route("**/till/call/**", lambda route: route.abort())
    page.context.set_offline(False)
    page.goto("/till/pair")
    reads(page, "they would be lost")
    assert not page.get_by_role("button", name="Unpair this device").is_visible()


def test_a_revoked_key_loses_nothing(till, shop, looking):
    looking.forgiven += CUT
    key_id, token = shop.issue("till", "S1")
    page = looking.page("", **TABLET)
    page.goto(f"/till/pair#{token}")
    page.wait_for_url("**/till")
    begin(page)
    assert shop.call("POST", f"/v1/keys/{key_id}/revoke").is_success
    page.wait_for_timeout(3000)  # a revoked key works for two seconds more
    page.keyboard.press("F2")
    page.keyboard.type("5")
    page.wait_for_selector("#told:not([hidden])")
    page.locator("#confirm").click()
    step(page, "result-step")
    reads(page, "not paired any more")
    assert text(page, "count") == "1"
