"""A member whose session is old proves anew who he is, and goes on where he was."""

from __future__ import annotations

from typing import Any

import pytest

from support import home
from support.browser import PHONE, SMALL, Browsing, overflow
from support.home import PROGRAM, Web, at_home, fresh_card, mail
from support.things import signed_in
from web.test_cabinet import newest_code, press, typed

pytestmark = pytest.mark.browser
PRIVACY, ERASE = "/m/privacy", "/m/privacy/erase"
TO = f"/m/sign-in?again=1&next={ERASE}"


@pytest.fixture(scope="module")
def web(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("outbox")) as web:
        web.api.publish(PROGRAM | {"spends_by": []})
        yield web


@pytest.fixture(scope="module")
def site(web):
    return web.api


def aged(web: Web, token: str) -> str:
    """The session was opened an hour ago."""
    web.api.eye.execute(
        "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
    )
    home.wait(lambda: not web.get("/v1/me/ways", token)["fresh"])
    return token


@pytest.fixture
def token(web: Web) -> str:
    return aged(web, web.afresh().joined(contact=mail())["token"])


def guest_asks_all_day(web: Web, contact: dict[str, str]) -> None:
    """Whoever shares the shop's Wi-Fi asks for codes until nobody there gets one to sign in by."""
    said = [web.post("/v1/sign-in/code", mail()) for _ in range(30)]
    said.append(web.post("/v1/sign-in/code", contact))
    assert {each.json().get("code") for each in said[-2:]} == {"too_many_codes"}


def sent(web: Web, page: Any, button: str) -> str:
    """The code that comes when this is pressed."""
    before = set((web.outbox / "outbox").glob("*.txt"))
    press(page, button)
    page.get_by_label("Code", exact=True).wait_for()
    home.wait(lambda: set((web.outbox / "outbox").glob("*.txt")) - before)
    return newest_code(web)


def test_a_guest_beside_him_keeps_no_member_from_proving_who_he_is(looking: Browsing, web):
    """Without a script, by way of a wrong code, to the end of what he came for."""
    contact = mail()
    token = aged(web, web.afresh().joined(contact=contact)["token"])
    looking.forgiven.append("responded with a status of 403")
    page = looking.page(ERASE, token, width=PHONE, java_script_enabled=False)
    guest_asks_all_day(web, contact)
    page.get_by_text("Sign in again to go on").click()
    page.wait_for_url(f"**{TO}")
    code = sent(web, page, "Send me the code")
    page.get_by_text("We have sent a code to p•").wait_for()
    typed(page, "Code", "000000" if code != "000000" else "000001")
    press(page, "Confirm")
    page.get_by_role("alert").wait_for()
    page.get_by_text("We have sent a code to p•").wait_for()
    typed(page, "Code", code)
    press(page, "Confirm")
    page.wait_for_url(f"**{ERASE}")
    page.get_by_text("For ten minutes nobody asks again.").wait_for()
    page.get_by_label("I understand that it cannot be undone.").check()
    press(page, "Erase me for ever")
    page.get_by_text("You are erased").wait_for()


def test_whose_session_ended_meanwhile_signs_in(looking: Browsing, web):
    contact = mail()
    token = aged(web, web.afresh().joined(contact=contact)["token"])
    page = looking.page(TO, token, width=PHONE)
    page.get_by_role("button", name="Send me the code").wait_for()
    (mine,) = [each["session_id"] for each in web.get("/v1/me/sessions", token)["items"]]
    assert web.post(f"/v1/me/sessions/{mine}/end", None, token).is_success
    press(page, "Send me the code")
    typed(page, "Phone or e-mail", contact["value"])
    typed(page, "Code", sent(web, page, "Send me a code"))
    press(page, "Sign in")
    page.wait_for_url(f"**{ERASE}")
    page.get_by_label("I understand that it cannot be undone.").wait_for()


def test_who_has_a_card_alone_signs_in_as_he_came_in(looking: Browsing, web):
    card = [{"kind": "card", "value": fresh_card(web.api)}]
    who = web.api.call("POST", "/v1/members", {"identifiers": card}).json()["member_id"]
    page = looking.page(TO, aged(web, signed_in(web.api, who)), width=PHONE)
    page.get_by_label("Phone or e-mail").wait_for()
    assert page.get_by_role("button", name="Send me the code").count() == 0
    assert page.locator("#passkey button").count() == 1


def test_a_passkey_or_another_contact_of_his_does_as_well(looking: Browsing, token):
    page = looking.page(TO, token, width=PHONE)
    assert page.get_by_text("Not a member yet?").count() == 0
    assert page.locator("#passkey button").count() == 1
    assert page.locator("[name=next]").first.input_value() == ERASE, "its script goes on there"
    page.get_by_text("Another number or address").click()
    page.get_by_label("Phone or e-mail").wait_for()
    assert page.locator("[name=next]").first.input_value() == ERASE


def test_the_way_back_is_kept_in_every_language_and_leads_nowhere_else(
    looking: Browsing, web, token
):
    page = looking.page(TO, token, width=SMALL)
    page.get_by_role("link", name="Italiano").click()
    page.get_by_role("heading", name="Dimostra che sei tu").wait_for()
    assert overflow(page) <= 0
    assert page.locator("[name=next]").first.input_value() == ERASE
    page.goto("/m/sign-in?again=1&next=https://example.org/m/card&language=en")
    sent(web, page, "Send me the code")
    page.get_by_text("Begin again").click()
    typed(page, "Code", sent(web, page, "Send me the code"))
    press(page, "Confirm")
    page.wait_for_url("**/m")


def test_a_number_of_ones_own_is_made_by_who_has_just_proved(looking: Browsing, web, token):
    batch = {"prefix": "24", "count": 10, "label": "phone"}
    assert web.api.call("POST", "/v1/card-batches", batch).is_success
    page = looking.page("/m", token, width=PHONE)
    press(page, "Get a card number, with a bar code")
    page.wait_for_url("**/m/sign-in?again=1&next=/m")
    page.get_by_text("Sign in again, then ask for the number once more.").wait_for()
    typed(page, "Code", sent(web, page, "Send me the code"))
    press(page, "Confirm")
    page.wait_for_url("**/m")
    press(page, "Get a card number, with a bar code")
    page.get_by_text("This is your card now.").wait_for()
