"""Who may what, and who said so: approvals, the log, people, roles, keys, incidents."""

from __future__ import annotations

import csv
import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from support import browser as browsing
from support.api import Api
from support.console import REFUSED, aged, at_localhost, somebody, tab_to, typed
from support.entering import GOOD, Person
from tessera.access.core import GRANTS, POLICY
from tessera.doors.console import areas
from tessera.doors.console.areas import (
    approvals,
    audit,
    entrance,
    incidents,
    keys,
    me,
    people,
    roles,
)
from tessera.doors.console.areas.roles.operations import OPERATIONS
from tessera.doors.gate import REMEMBER_S
from tessera.doors.trails import Ends
from tessera.doors.web.discovery import areas_of

pytestmark = pytest.mark.browser
MINE = (approvals, audit, entrance, incidents, keys, me, people, roles)


@pytest.fixture(scope="module")
def seals(tmp_path_factory):
    return tmp_path_factory.mktemp("seals")


@pytest.fixture(scope="module")
def site(server, template, seals):
    with at_localhost(server, template, seals_dir=seals) as api:
        yield api


# Four eyes ---------------------------------------------------------------------------------------


def proposed(site: Api, token: str, points: int = 700) -> str:
    body = {"member": {"card": site.cards[0]}, "points": points, "reason": "goodwill"}
    said = site.call("POST", "/v1/adjustments", body, token=token)
    assert said.status_code == 202, said.text
    return said.json()["approval_id"]


def balance(site: Api) -> int:
    return site.call("POST", "/v1/identify", {"card": site.cards[0]}).json()["balance"]["balance"]


@pytest.mark.slow
def test_a_second_person_agrees_by_keyboard_after_a_fresh_proof(looking, site):
    first, second = somebody(site, "manager"), somebody(site, "manager")
    before, waits = balance(site), proposed(site, first.token)
    own = looking.page(f"/console/approvals/{waits}", first.token)
    assert own.get_by_text("You have proposed this, so you cannot agree to it").is_visible()
    assert own.get_by_role("button", name="Agree, and do it").count() == 0
    aged(site, second)
    page = looking.page("/console/approvals", second.token)
    page.get_by_role("table", name="For you to decide").wait_for()
    tab_to(page, "Put points right by hand", "link")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/approvals/{waits}")
    row = page.get_by_role("row", name="Balance")
    assert row.get_by_role("cell").all_inner_texts() == [f"{before:,}", f"{before + 700:,}"]
    assert page.get_by_text("Anna R.").is_visible()
    tab_to(page, "Agree, and do it")
    page.keyboard.press("Enter")
    page.wait_for_url("**/renew?next=**")
    second.again()
    page.wait_for_function("document.activeElement.id === 'password'")
    typed(page, GOOD, second.code())
    page.wait_for_url(f"**/approvals/{waits}")
    tab_to(page, "Agree, and do it")
    page.keyboard.press("Enter")
    page.get_by_text("Agreed, and done.").wait_for()
    assert balance(site) == before + 700
    own.goto("/console/approvals?show=all")
    assert own.get_by_text("approved", exact=True).first.is_visible()


def test_what_is_rejected_or_withdrawn_is_not_done(looking, site):
    first, second = somebody(site, "manager"), somebody(site, "manager")
    before = balance(site)
    page = looking.page(f"/console/approvals/{proposed(site, first.token)}", second.token)
    page.get_by_label("Why not?").fill("the receipt was never paid")
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("Rejected. Nothing was done.").wait_for()
    assert page.get_by_text("the receipt was never paid").is_visible()
    mine = looking.page(f"/console/approvals/{proposed(site, first.token)}", first.token)
    mine.get_by_role("button", name="Withdraw it").click()
    mine.get_by_text("Withdrawn. Nothing was done.").wait_for()
    assert balance(site) == before


def test_a_change_that_waits_is_told_before_and_after(looking, site):
    owner, other = somebody(site), somebody(site)
    person = Person(site, "operator", stores=["S1"])
    page = looking.page(f"/console/people/{person.id}", owner.token)
    page.get_by_label("Owner").check()
    page.get_by_label("Store S1").uncheck()
    page.get_by_role("button", name="Change").click()
    page.wait_for_url("**/approvals/**")
    page.get_by_text("a second person has to agree").wait_for()
    told = looking.page(page.url.removeprefix(site.url), other.token)
    rows = told.get_by_role("table", name="Now and afterwards").get_by_role("row").all_inner_texts()
    said = {row.split("\t")[0].strip(): [each.strip() for each in row.split("\t")[1:]]
            for row in rows[1:]}  # fmt: skip
    assert said["Role"] == ["Operator", "Owner"] and said["Stores"] == ["S1", "every store"]


# Who sees what -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "role", [role for role in GRANTS if role not in ("till", "partner", "member", "anybody")]
)
def test_a_role_sees_only_what_it_may(site, role):
    ends = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    more = {"expires_at": ends} if role == "contractor" else {}
    token = somebody(site).token if role == "owner" else browsing.staff(site, role, **more)
    cookie = {"cookie": f"tessera_console={token}"}
    pages = [page for area in MINE for page in areas_pages(area)]
    shown = site.client.get("/console/me", headers=cookie).text
    for page in pages:
        if "{" in page.path or page.open:
            continue
        may = not page.needs or any(name in GRANTS[role] for name in page.needs)
        said = site.client.get(page.path, headers=cookie)
        assert said.status_code == (200 if may else 403), page.path
        if page.menu is not None:
            assert (f'href="{page.path}"' in shown) == may, page.path
    if "staff.invite" not in GRANTS[role]:  # and a form that was kept is refused
        acts = {"do": "invite", "name": "x", "email": "x@example.org", "role": "owner"}
        headers = cookie | {"origin": site.url, "host": site.url.partition("//")[2]}
        said = site.client.post("/console/people/invite", data=acts, headers=headers)
        assert said.status_code == 403


def areas_pages(area: Any) -> list[Any]:
    """The pages of one area."""
    name = area.__name__.rpartition(".")[2]
    return [page for page in areas_of(areas).pages if page.area == name]


# The log -----------------------------------------------------------------------------------------


def test_the_log_is_searched_shown_and_taken_along(looking, site):
    looking.forgiven.append(REFUSED)
    person = somebody(site, "manager", name="Grace Hopper")
    card = site.cards[7]
    body = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Zelda"}
    member = site.call("POST", "/v1/members", body, token=person.token).json()["member_id"]
    change = {"family_name": "Fitz"}
    assert site.call("PATCH", f"/v1/members/{member}", change, token=person.token).is_success
    watch = somebody(site, "security")
    page = looking.page("/console/audit", watch.token)
    page.get_by_label("Who").fill("grace h")
    page.get_by_label("What").select_option("member.change")
    page.keyboard.press("Enter")
    page.wait_for_url("**name=grace**")
    rows = page.get_by_role("table", name="Entries").get_by_role("row")
    assert rows.count() == 2 and "Note what is known of a member" in rows.nth(1).inner_text()
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    text = saved.value.path().read_text()
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [line["operation"] for line in lines] == ["member.change"] and "Fitz" not in text
    with page.expect_download() as saved:
        page.get_by_role("link", name="NDJSON").click()
    told = [json.loads(line) for line in saved.value.path().read_text().splitlines()]
    assert [each["subject_id"] for each in told] == [member]
    rows.nth(1).get_by_role("link").first.click()
    page.wait_for_url("**/audit/entries/**")
    assert "Fitz" not in page.content()
    page.get_by_label("Why do you need to see them?").fill("the member asks what was noted")
    page.get_by_role("button", name="Show the values").click()
    page.get_by_role("cell", name="Fitz").wait_for()
    page.goto(page.url)
    assert "Fitz" not in page.content(), "once, for a reason that is written down"
    page.goto(f"/console/audit?subject={member}&operation=audit.reveal")
    page.goto("/console/audit?reason=what+was+noted")
    assert page.get_by_role("table", name="Entries").get_by_role("row").count() == 2
    page.goto("/console/audit?from=not-a-day")
    assert page.get_by_text("This is no day.").is_visible()


def test_the_log_says_whether_it_is_whole(looking, site, seals):
    watch = somebody(site, "security")
    page = looking.page()
    looking.sign_in(page.context, "console", watch.token)
    for _ in range(40):  # the sealer comes every ten seconds
        page.goto("/console/audit/chains")
        if page.get_by_text("All chains are as they were sealed.").count():
            break
        time.sleep(0.5)
    assert page.get_by_text("as sealed", exact=True).count() >= 1
    chain = site.eye.execute("SELECT chain FROM access.audit LIMIT 1").fetchone()[0]
    forged = Ends(datetime.now(UTC), {str(chain): (1, "00" * 32)})  # as another log was sealed
    last = seals / "audit-9999-12-31.seal"
    last.write_bytes(msgspec.json.encode(forged) + b"\n")
    page.goto("/console/audit/chains")
    assert page.get_by_text("The log is not whole").is_visible()
    assert page.get_by_role("row", name=f"{chain} ").get_by_text("written anew").is_visible()
    last.unlink()


# Keys, roles, incidents --------------------------------------------------------------------------


def test_a_key_is_issued_used_and_revoked(looking, site):
    owner = somebody(site)
    page = looking.page("/console/keys", owner.token)
    page.get_by_role("link", name="Issue a key").click()
    page.get_by_label("Name", exact=True).fill("Web shop")
    page.get_by_label("Integrator").check()
    page.get_by_label("Calls per second").fill("7")
    page.get_by_label("Addresses").fill("127.0.0.0/8")
    page.get_by_role("button", name="Issue the key").click()
    token = page.locator("#token").inner_text()
    assert site.call("GET", "/v1/stores", token=token).status_code == 200
    page.get_by_role("link", name="To this key").click()
    facts = page.locator(".facts").inner_text()
    assert "127.0.0.0/8" in facts and token not in page.content()
    page.get_by_role("button", name="Make a new secret").click()
    fresh = page.locator("#token").inner_text()
    assert fresh != token and site.call("GET", "/v1/stores", token=fresh).status_code == 200
    page.get_by_role("link", name="To this key").click()
    page.get_by_role("button", name="Revoke this key").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke this key").click()
    page.get_by_text("The key is revoked").wait_for()
    for each in (token, fresh):
        assert site.call("GET", "/v1/stores", token=each).status_code == 401


def test_this_device_becomes_a_till(looking, site):
    owner = somebody(site)
    page = looking.page("/console/keys/till", owner.token)
    page.get_by_label("Name of the till").fill("Till 3")
    page.get_by_label("Store").select_option("S2")
    page.get_by_role("button", name="Make a till").click()
    token = page.locator("#token").inner_text()
    way = page.get_by_role("link", name="Open the till").get_attribute("href")
    assert way == f"/till/pair#{token}" and page.locator("svg.qr").is_visible()
    stores = site.call("GET", "/v1/stores", token=token).json()["items"]
    assert [each["id"] for each in stores] == ["S2"]


def test_a_role_is_made_changed_and_ended(looking, site):
    looking.forgiven.append(REFUSED)
    owner, name = somebody(site), f"desk-{uuid4().hex[:6]}"
    page = looking.page("/console/roles/new", owner.token)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("What it is for").fill("Lost and found cards")
    page.get_by_label("Block cards", exact=True).check()
    page.get_by_role("button", name="Make the role").click()
    page.wait_for_url(f"**/roles/{name}")
    page.get_by_label("See a receipt and its why", exact=True).check()
    page.get_by_label("only in its own stores (See a receipt and its why)").check()
    page.get_by_role("button", name="Change the role").click()
    page.get_by_text("The role is changed").wait_for()
    made = site.call("GET", f"/v1/roles/{name}").json()
    assert made["grants"] == {"card.block": "all", "receipt.read": "own_store"}
    for each in page.get_by_role("checkbox").all():
        each.uncheck()
    page.get_by_role("button", name="Change the role").click()
    page.wait_for_selector(".notice.bad")
    assert page.get_by_label("Block cards", exact=True).is_checked() is False, "as it was typed"
    page.get_by_role("button", name="End this role").click()
    page.get_by_role("dialog").get_by_role("button", name="End this role").click()
    page.get_by_text("The role has ended").wait_for()


def test_an_incident_from_its_beginning_to_its_end(looking, site):
    owner = somebody(site)
    page = looking.page("/console/incidents/new", owner.token)
    page.get_by_label("Or in your own words").fill("Scanner broken!")
    page.get_by_label("What do you see?").fill("Store S1, till 3 reads no card")
    page.get_by_role("button", name="Open the incident").click()
    page.get_by_role("heading", name="scanner broken").wait_for()
    page.get_by_label("Note", exact=True).fill("A technician comes at two")
    page.get_by_role("button", name="Note it").click()
    page.get_by_text("A technician comes at two").wait_for()
    page.get_by_label("What was done about it").fill("The scanner was replaced")
    page.get_by_role("button", name="Close the incident").click()
    page.get_by_text("The scanner was replaced").wait_for()
    assert page.get_by_role("button", name="Close the incident").count() == 0


def test_whoever_leaves_is_ended_and_his_keys_are_named(looking, site):
    owner, leaving = somebody(site), somebody(site)
    site.issue("integrator", None, token=leaving.token)
    page = looking.page(f"/console/people/{leaving.id}", owner.token)
    page.get_by_role("button", name="End the time here").click()
    page.get_by_role("dialog").get_by_role("button", name="End the time here").click()
    page.get_by_text("Signed out everywhere, and let in no more.").wait_for()
    assert page.get_by_role("link", name="integrator").is_visible()
    time.sleep(REMEMBER_S + 0.2)
    assert site.call("GET", "/v1/sessions", token=leaving.token).status_code == 401


# Looks and words ---------------------------------------------------------------------------------


@pytest.mark.faults_long  # the sweep looks at each page once
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 320)])
def test_the_pages_are_accessible_and_fit(looking, site, axe, scheme, width):
    owner = somebody(site)
    waits = proposed(site, owner.token)
    page = looking.page(scheme=scheme, width=width)
    for path in ("/console/sign-in", "/console/invitation"):
        page.goto(path)
        looked_at(page, axe)
    looking.sign_in(page.context, "console", owner.token)
    for path in (
        "me", "renew", f"approvals/{waits}", "audit", "audit/chains", "people",
        f"people/{owner.id}", "roles", "roles/new", "keys/new", "incidents/new",
    ):  # fmt: skip
        page.goto(f"/console/{path}")
        looked_at(page, axe)


def looked_at(page: Any, axe: str) -> None:
    assert browsing.violations(page, axe) == [], page.url
    assert browsing.overflow(page) <= 0, page.url


def test_every_operation_has_a_name_for_people():
    assert set(POLICY) - set(OPERATIONS) == set()
