"""The way in: app, passkey, provider, invitation, a proof again, devices; by a real browser."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pyotp
import pytest

from doors.test_providers import CLIENT, issuer  # noqa: F401 - a fixture
from support.browser import staff_session
from support.console import REFUSED, aged, at_localhost, device, somebody, tab_to, typed
from support.entering import GOOD, Person

pytestmark = pytest.mark.browser
# As browsers were that knew passkeys and did not know JSON yet.
OLDER = """
delete PublicKeyCredential.parseCreationOptionsFromJSON;
delete PublicKeyCredential.parseRequestOptionsFromJSON;
delete PublicKeyCredential.prototype.toJSON;
"""


@pytest.fixture(scope="module")
def site(server, template, issuer):  # noqa: F811 - the fixture above
    told = issuer.replace("//", f"//{CLIENT}:s3cret@")
    with at_localhost(server, template, oidc_staff_url=told, oidc_members_url=told) as api:
        yield api


@pytest.fixture(autouse=True)
def nobody_has_tried_today(site):
    site.eye.execute("DELETE FROM access.sign_in_limit")


def test_the_app_lets_in_by_keyboard_alone_and_leads_on(looking, site):
    person = somebody(site)
    page = looking.page("/console/incidents?open=yes")
    page.wait_for_url("**/sign-in?next=**")
    page.wait_for_function("document.activeElement.id === 'email'")
    typed(page, person.email, GOOD, person.code())
    page.wait_for_url("**/console/incidents?open=yes")
    kept = {each["name"]: each for each in page.context.cookies()}["tessera_console"]
    said = (kept["httpOnly"], kept["sameSite"], kept["path"])
    assert said == (True, "Strict", "/console")
    sessions = site.call("GET", "/v1/sessions", token=kept["value"]).json()["items"]
    assert [each["device"] for each in sessions if each["current"]] == ["Chrome, Linux"]
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/sign-in")
    assert page.get_by_text("You are signed out on this device.").is_visible()
    assert "tessera_console" not in {each["name"] for each in page.context.cookies()}
    assert site.call("GET", "/v1/sessions", token=kept["value"]).status_code == 401


def test_whoever_is_refused_is_told_the_same(looking, site):
    person = somebody(site)
    looking.forgiven.append(REFUSED)
    page, told = looking.page("/console/sign-in"), set()
    tries = [
        (person.email, GOOD, "000000"), (person.email, "not this one", person.code()),
        (f"{uuid4().hex}@example.org", GOOD, "000000"),
    ]  # fmt: skip
    for email, password, code in tries:
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_label("Code").fill(code)
        page.keyboard.press("Enter")
        page.wait_for_selector(".notice.bad")
        told.add(page.locator(".notice.bad").inner_text())
        assert page.get_by_label("E-mail").input_value() == email, "nobody types it twice"
        assert page.get_by_label("Password").input_value() == ""
        page.goto("/console/sign-in")
    assert len(told) == 1
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password").fill(GOOD)
    page.get_by_label("Code").fill(person.recovery[0].upper())  # in the place of the app
    page.keyboard.press("Enter")
    page.wait_for_url("**/console")


def test_only_a_page_of_ours_is_gone_on_to(site):
    for bad in (
        "https://evil.example",
        "//evil.example",
        "/m",
        "/console/../m",
        "/console/sign-out",
    ):
        said = site.client.get("/console/sign-in", params={"next": bad})
        assert 'name="next" value="/console"' in said.text, bad


@pytest.mark.parametrize("older", [False, True], ids=["now", "older browser"])
def test_a_passkey_is_added_and_signs_in(looking, site, older):
    person = somebody(site)
    page = looking.page()
    looking.sign_in(page.context, "console", person.token)
    if older:
        page.add_init_script(OLDER)
    page.goto("/console/me")
    device(page)
    page.get_by_label("Name for this device").fill("my laptop")
    page.keyboard.press("Enter")
    page.wait_for_url("**/me?added=1")
    assert page.get_by_role("row", name="my laptop").get_by_text("not used yet").is_visible()
    page.get_by_role("button", name="Sign out", exact=True).first.click()
    page.wait_for_url("**/sign-in")
    page.goto("/console/me")  # not signed in: on to the entrance, and back afterwards
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"{site.url}/console/me")
    this = page.get_by_role("row", name="this device")
    assert this.get_by_text("passkey", exact=True).is_visible()
    row = page.get_by_role("row", name="my laptop")
    assert not row.get_by_text("not used yet").is_visible()
    row.get_by_role("button", name="Remove my laptop").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove my laptop").click()
    page.get_by_text("That passkey signs in nobody any more.").wait_for()
    assert page.get_by_text("You have none yet.").is_visible()


def test_a_passkey_that_is_refused_is_said_below_the_button(looking, site):
    looking.forgiven.append(REFUSED)
    page = looking.page("/console/sign-in")
    device(page)  # it knows nobody
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_text("That did not work.").wait_for()


def test_what_wants_a_fresh_proof_asks_for_it_and_goes_on(looking, site):
    person = somebody(site)
    aged(site, person)
    page = looking.page("/console/me", person.token)
    device(page)
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/renew?next=**")
    assert page.get_by_text("Prove that it is you, then").is_visible() is False
    person.again()
    typed(page, GOOD, person.code())
    page.wait_for_url(f"{site.url}/console/me")
    page.get_by_text("For ten minutes nobody asks again.").wait_for()
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url("**/me?added=1")


def test_the_company_s_provider_lets_in(looking, site, issuer):  # noqa: F811
    """Another site is asked, so this browser is watched by nobody."""
    person = Person(site, "operator")
    httpx.put(f"{issuer}/users/ada", json={"email": person.email, "email_verified": True})
    context = looking.browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/console/incidents")
    page.get_by_role("button", name="Sign in with your company's account").click()
    page.wait_for_url(f"{issuer}/**")
    page.locator("input[name=sub]").first.fill("ada")
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url("**/console/incidents")
    kept = {each["name"] for each in context.cookies(site.url + "/console")}
    assert "tessera_console" in kept
    page.goto(f"/console/sign-in/back?state={uuid4()}&code=x")  # of another window, or made up
    page.get_by_text("has not let you in").wait_for()
    context.close()


def test_a_member_joins_with_an_account_elsewhere(looking, site, issuer):  # noqa: F811
    """Another site is asked, so this browser is watched by nobody."""
    program = site.call("GET", "/v1/program").json()["program"]
    site.publish(program | {"enrolment": {"open": True, "country": "IT",
                                          "time_zone": "Europe/Rome"}})  # fmt: skip
    claims = {"email": "rosa@example.org", "email_verified": True, "name": "Rosa"}
    httpx.put(f"{issuer}/users/rosa", json=claims)
    context = looking.browser.new_context(base_url=site.url)
    page = context.new_page()
    page.goto("/m/history")
    page.get_by_role("button", name="Go on with another account").click()
    page.wait_for_url(f"{issuer}/**")
    page.locator("input[name=sub]").first.fill("rosa")
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url("**/m/history")
    page.goto("/m")
    assert page.get_by_role("heading", level=1).inner_text() == "Hello, Rosa"
    context.close()


def test_from_the_invitation_to_the_first_sign_in(looking, site):
    looking.forgiven.append(REFUSED)
    owner = somebody(site)
    page = looking.page("/console/people", owner.token)
    page.get_by_role("link", name="Invite somebody").click()
    email = f"{uuid4().hex[:10]}@example.org"
    page.get_by_label("Full name").fill("Bob Roe")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Operator").check()
    page.get_by_label("Store S1").check()
    page.get_by_role("button", name="Invite").click()
    link = page.locator("#link").inner_text()
    assert link.startswith(f"{site.url}/console/invitation#")
    guest = looking.page(link)  # behind the #, so that no log ever holds it
    guest.get_by_text(f"You are Bob Roe, {email}.").wait_for()
    assert "#" not in guest.url and guest.locator("svg.qr path").count() == 1
    secret = guest.locator(".secret").inner_text()
    for code, wrong in (("000000", True), (pyotp.TOTP(secret.replace(" ", "")).now(), False)):
        guest.get_by_label("Password", exact=True).fill("walnut ferry cobalt 9")
        guest.get_by_label("The same password again").fill("walnut ferry cobalt 9")
        guest.get_by_label("Code that the app shows now").fill(code)
        guest.get_by_role("button", name="Begin").click()
        if wrong:  # and the secret in the app is still the right one
            guest.wait_for_selector(".notice.bad")
            assert guest.locator(".secret").inner_text() == secret
    guest.get_by_role("heading", name="Your recovery codes").wait_for()
    assert guest.locator("#codes li").count() == 10
    guest.goto("/console/me")
    assert guest.get_by_text("10 codes are left.").is_visible()
    assert guest.get_by_text("Bob Roe").first.is_visible()
    page.goto("/console/people")
    assert page.get_by_role("row", name="Bob Roe").get_by_text("works here").is_visible()
    second = looking.page(link)
    second.wait_for_selector(".notice.bad")
    assert second.get_by_text("Bob Roe").count() == 0, "it counts once"


def test_other_devices_are_signed_out(looking, site):
    person = somebody(site)
    other = staff_session(site, person.id)
    page = looking.page("/console/me", person.token)
    assert page.get_by_role("row").count() == 3
    page.get_by_role("button", name="Sign out everywhere else").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere else").click()
    page.get_by_text("All other devices are signed out.").wait_for()
    assert site.call("GET", "/v1/sessions", token=other).status_code == 401
    page.get_by_role("button", name="Make fresh codes").click()
    page.get_by_role("dialog").get_by_role("button", name="Make fresh codes").click()
    page.get_by_role("heading", name="Your recovery codes").wait_for()
    fresh = page.locator("#codes li").all_inner_texts()
    assert len(fresh) == 10 and person.sign_in(code=person.recovery[0]).status_code == 403
    assert person.sign_in(code=fresh[0]).status_code == 200


def test_recovery_codes_are_made_in_a_fresh_session_only(site):
    """Or a session that somebody else found open would become a way in of its own."""
    person = somebody(site)
    made = site.call("POST", "/v1/recovery-codes", {}, token=person.token, key=None)
    assert len(made.json()["recovery_codes"]) == 10
    assert person.sign_in(code=made.json()["recovery_codes"][0]).status_code == 200
    left = site.call("GET", "/v1/recovery-codes", token=person.token).json()
    assert left == {"left": 9}
    aged(site, person)
    late = site.call("POST", "/v1/recovery-codes", {}, token=person.token, key=None)
    assert (late.status_code, late.json()["code"]) == (403, "sign_in_stale")
    assert site.call("GET", "/v1/recovery-codes", token=person.token).json() == {"left": 9}
    assert site.call("POST", "/v1/recovery-codes", {}, key=None).status_code == 409, "by a key"
    said = site.call("GET", f"/v1/audit?principal={person.id}&operation=recovery.make").json()
    assert len(said["items"]) == 1
