"""The members area: found by anything, explained, put right, blocked, merged, by keyboard."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg.types.json import Jsonb

from support import browser as browsing
from support.browser import SMALL, WIDE
from support.things import Things
from tessera.doors.till import OPERATIONS

FIRST = next(each.example for each in OPERATIONS if each.name == "program.publish")
LOOKS = [("light", WIDE), ("dark", SMALL)]
BELOW = ("", "/receipts", "/points", "/profile", "/consents", "/household", "/merges", "/privacy")


@pytest.fixture(scope="module")
def people(site) -> dict[str, Any]:
    """Members of one family name, one with receipts; staff of several roles."""
    site.publish({
        **FIRST, "approvals": ["merge"],
        "adjustments": {"reasons": {"goodwill": "Goodwill", "error": "An error of ours"},
                        "approval_above": 100},
    })  # fmt: skip
    thing = Things(site, {})
    made: dict[str, Any] = {"thing": thing}
    for n, name in enumerate(("Anna", "Ana", "Bruno")):
        card = thing.fresh()
        named = [
            {"kind": "card", "value": card}, {"kind": "phone", "value": f"+39 333 000000{n}"},
            {"kind": "email", "value": f"{name.lower()}@example.org"},
        ]  # fmt: skip
        body = {"identifiers": named, "given_name": name, "family_name": "Quaranta",
                "born_on": "1984-02-29", "language": "it"}  # fmt: skip
        made[name] = {**thing.made("/v1/members", body), "card": card}
    for n in range(3):
        sale = site.basket(card=made["Anna"]["card"], business_date="2026-11-10", number=f"R-{n}")
        made["Anna"]["receipt"] = thing.made("/v1/receipts", sale)["id"]
    made["staff"] = {
        role: browsing.staff(site, role) for role in ("owner", "manager", "operator", "security")
    }
    return made


@pytest.fixture
def signed(looking, people):
    """A page of the console, seen by somebody in a role."""

    def seen(role: str, path: str, **how: Any) -> Any:
        return looking.page(path, people["staff"][role], **how)

    return seen


def card_of(people: dict[str, Any], name: str = "Anna", below: str = "") -> str:
    return f"/console/members/{people[name]['member_id']}{below}"


@pytest.mark.faults_long  # the sweep looks at each page once
@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(signed, people, axe, scheme, width):
    page = signed("owner", "/console/members", scheme=scheme, width=width)
    paths = [card_of(people, below=below) for below in BELOW]
    paths += [f"/console/members{more}" for more in ("?q=quar", "?q=nobody", "/new")]
    for path in [*paths, "/console/members?order=joined", "/console/duplicates"]:
        page.goto(path)
        page.evaluate("document.querySelectorAll('main details').forEach(d => { d.open = true })")
        assert browsing.violations(page, axe) == [], path
        assert browsing.overflow(page) <= 0, path


# Finding and explaining --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["{card}", "+39 333 0000000", "ANNA@example.org", "R-1", "quaranta anna"]
)
def test_the_one_box_leads_to_the_card(signed, people, text):
    page = signed("operator", "/console/members")
    page.get_by_role("searchbox").fill(text.format(**people["Anna"]))
    page.keyboard.press("Enter")
    if "quaranta" in text:
        page.get_by_role("link", name="Anna Q.").click()
    page.wait_for_url(f"**{card_of(people)}**")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Anna Q.")
    assert "Quaranta" not in page.content() and "anna@example.org" not in page.content()


def test_a_receipt_is_explained_by_keyboard_alone(signed, people):
    page = signed("operator", "/console/members")
    page.wait_for_function("document.activeElement.name === 'q'")
    page.keyboard.type(people["Anna"]["card"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{card_of(people)}")
    tabbed(page, "a", "Receipts")
    page.keyboard.press("Enter")
    page.wait_for_url("**/receipts")
    tabbed(page, "summary", "")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("Enter")
    tabbed(page, "a", "Why not more")
    page.keyboard.press("Enter")
    page.wait_for_url("**explain=all")
    story = page.locator(".story").inner_text()
    assert "It gave 23 points." in story and "2 rules gave nothing." in story
    assert "2 for every 1.00 EUR" in story and "3 more are needed" in story


def tabbed(page: Any, tag: str, text: str) -> None:
    """Tab on until such an element has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(
            "([tag, text]) => document.activeElement.matches('main ' + tag)"
            " && document.activeElement.textContent.includes(text)", [tag, text],
        ):  # fmt: skip
            return
    raise AssertionError(f"no {tag} {text!r} is reached")


def test_the_timeline_leads_to_the_receipt(signed, people):
    page = signed("operator", card_of(people))
    page.locator("#past").get_by_role("link", name="Purchase of").first.click()
    page.wait_for_url("**/receipts?only=*")
    assert page.locator(".story .whys li").count() == 1


# Doing -------------------------------------------------------------------------------------------


def balance(site, people, name: str = "Anna") -> int:
    said = site.call("GET", f"/v1/accounts/{people[name]['account_id']}/points").json()
    return said["wallets"][0]["balance"]["balance"]


def test_points_are_put_right_and_more_of_them_wait_for_a_second_person(
    site, signed, people, looking
):
    looking.forgiven.append("status of 4")
    page, before = signed("operator", card_of(people, below="/points")), balance(site, people)
    adjust(page, "60")
    page.get_by_role("status").get_by_text("Done.").wait_for()
    assert balance(site, people) == before + 60
    adjust(page, "sixty")
    assert page.get_by_role("alert").inner_text().startswith("This is no number of points.")
    assert page.locator("#adjust_points").input_value() == "sixty", "what was typed stays"
    page.locator("#adjust_points").fill("60")
    page.get_by_role("button", name="Put right").click()
    page.wait_for_url("**/console/approvals/*")
    assert balance(site, people) == before + 60, "nothing is done yet"
    waits = page.url.rpartition("/")[2]
    proposal = site.call("GET", f"/v1/approvals/{waits}", token=people["staff"]["manager"]).json()
    said = site.call("POST", f"/v1/approvals/{waits}/approve", {"hash": proposal["hash"]},
                     token=people["staff"]["manager"])  # fmt: skip
    assert said.is_success, said.text
    assert balance(site, people) == before + 120


def adjust(page: Any, points: str) -> None:
    if not page.locator("#adjust").evaluate("d => d.open"):
        page.locator("#adjust > summary").click()
    page.locator("#adjust_points").fill(points)
    page.locator("#adjust_reason").select_option("error")
    page.get_by_role("button", name="Put right").click()


def test_security_blocks_a_card_and_lets_it_work_again(site, signed, people):
    page = signed("security", card_of(people, below="/profile"))
    page.get_by_text("Block this card").click()
    page.get_by_label("Why").select_option("stolen")
    page.get_by_role("button", name="Block the card").click()
    page.get_by_text("The card is blocked").wait_for()
    sale = site.post("/v1/receipts", site.basket(card=people["Anna"]["card"]))
    assert sale.json()["code"] == "card_blocked"
    page.get_by_role("button", name="Let it work again").click()
    page.get_by_role("dialog").get_by_role("button", name="Let it work again").click()
    page.get_by_text("The card works again.").wait_for()
    page.goto(card_of(people))
    told = page.locator("#past").inner_text()
    assert "Card blocked" in told and "stolen" in told and "Card works again" in told


def test_a_mistyped_phone_is_taken_off(site, signed, people):
    page = signed("operator", card_of(people, "Ana", "/profile"))
    held = page.locator("li", has_text="Phone")
    held.get_by_text("Take it off this member").click()
    held.get_by_label("Reason").fill("mistyped at the till")
    held.get_by_role("button", name="Take it off").click()
    page.get_by_text("It names this member no more.").wait_for()
    assert page.locator("li", has_text="Phone").count() == 0
    page.goto(card_of(people, "Ana"))
    told = page.locator("#past").inner_text()
    assert "A contact was taken off" in told and "mistyped at the till" in told


def test_two_are_merged_with_a_second_person_and_parted_again(site, signed, people):
    page = signed("operator", card_of(people, "Bruno", "/merges"))
    other = people["thing"].fresh()
    twin = people["thing"].made("/v1/members", {"identifiers": [{"kind": "card", "value": other}]})
    page.get_by_label("The other member").fill(other)
    page.get_by_label("Reason").fill("same person, ticket 12")
    page.get_by_role("button", name="Merge").click()
    page.get_by_role("dialog").get_by_role("button", name="Merge").click()
    page.wait_for_url("**/console/approvals/*")
    waits = page.url.rpartition("/")[2]
    proposal = site.call("GET", f"/v1/approvals/{waits}", token=people["staff"]["manager"]).json()
    assert site.call("POST", f"/v1/approvals/{waits}/approve", {"hash": proposal["hash"]},
                     token=people["staff"]["manager"]).is_success  # fmt: skip
    page.goto(f"/console/members/{twin['member_id']}")
    page.wait_for_url(f"**{card_of(people, 'Bruno')}")  # the old number leads to the one who stays
    page.goto(card_of(people, "Bruno", "/merges"))
    page.get_by_text("They are two after all").click()
    page.get_by_label("Reason").first.fill("father and son")
    page.get_by_role("button", name="Undo the merge").click()
    page.get_by_role("dialog").get_by_role("button", name="Undo the merge").click()
    page.get_by_text("They are two members again.").wait_for()
    found = site.call("GET", f"/v1/members/{twin['member_id']}").json()
    assert found["member_id"] == twin["member_id"]


def test_of_two_merges_only_the_last_one_can_be_undone(site, signed, people):
    thing, staff = people["thing"], people["staff"]
    anna = thing.made("/v1/members", {"identifiers": [{"kind": "card", "value": thing.fresh()}]})
    for _ in range(2):
        named = {"identifiers": [{"kind": "card", "value": thing.fresh()}]}
        body = {"other": thing.made("/v1/members", named)["member_id"], "reason": "one person"}
        path = f"/v1/members/{anna['member_id']}/merge"
        waits = site.call("POST", path, body, token=staff["operator"]).json()
        agreed = site.call("POST", f"/v1/approvals/{waits['approval_id']}/approve",
                           {"hash": waits["hash"]}, token=staff["manager"])  # fmt: skip
        assert agreed.is_success, agreed.text
    page = signed("operator", f"/console/members/{anna['member_id']}/merges")
    newer, older = page.locator("ul.held > li").all()
    assert newer.get_by_text("They are two after all").count() == 1
    assert older.get_by_text("They are two after all").count() == 0
    assert older.get_by_text("Merged again since: undo the later merge first.").is_visible()


def test_a_pair_of_the_queue_is_judged(site, signed, people):
    one, other = sorted(UUID(people[name]["member_id"]) for name in ("Anna", "Ana"))
    evidence = [{"field": "born", "says": "same", "weight": 143},
                {"field": "given", "says": "near", "weight": 50}]  # fmt: skip
    site.eye.execute(
        "INSERT INTO members.likely (id, one, other, weight, evidence, found_at)"
        " VALUES (%s, %s, %s, 193, %s, now())",
        (uuid4(), one, other, Jsonb(evidence)),
    )
    page = signed("manager", "/console/duplicates")
    told = page.locator(".pair").inner_text()
    assert "Anna Q." in told and "Ana Q." in told and "a typing error apart" in told
    page.get_by_text("Two people").click()
    page.get_by_label("Reason").last.fill("two cousins")
    page.get_by_role("button", name="They are two").click()
    page.get_by_text("They are not offered again").wait_for()
    assert page.get_by_text("No pair waits").count() == 1


def test_a_member_is_registered_and_who_looks_alike_is_shown_first(site, signed, looking):
    looking.forgiven.append("status of 4")
    page = signed("operator", "/console/members/new")
    fill = {"given_name": "Anna", "family_name": "Quaranta", "born_on": "1984-02-29",
            "email": "anna.quaranta@example.com"}  # fmt: skip
    for name, value in fill.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Register").click()
    page.get_by_role("alert").get_by_text("Somebody like this is a member already.").wait_for()
    assert page.get_by_role("heading", name="Members who look alike").count() == 1
    page.get_by_label("It is another person: register anyway").check()
    page.get_by_role("button", name="Register").click()
    page.get_by_text("The member is registered.").wait_for()
    assert page.get_by_text("a•••@example.com").count() >= 1


def test_what_is_masked_is_shown_once_for_a_reason_that_security_reads(signed, people):
    page = signed("operator", card_of(people, below="/privacy"))
    page.get_by_label("Cards, phones, addresses and ids").check()
    page.get_by_label("Reason").first.fill("calling back, ticket 9")
    page.get_by_role("button", name="Show").click()
    page.locator("#revealed").wait_for()
    assert "+393330000000" in page.locator("#revealed").inner_text()
    assert page.get_by_text("Who saw this member's data").count() == 0, "not for an operator"
    page.goto(card_of(people, below="/privacy"))
    assert page.locator("#revealed").count() == 0
    watch = signed("security", card_of(people, below="/privacy"))
    assert "calling back, ticket 9" in watch.get_by_role("table").inner_text()


def test_an_export_is_a_file(signed, people):
    page = signed("operator", card_of(people, below="/privacy"))
    page.get_by_text("For a machine").click()
    page.locator("[name=export_reason]").fill("asked by the member")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download").click()
    held = json.loads(saved.value.path().read_text())
    assert held["person"][0]["family_name"] == "Quaranta"


def test_consents_choices_and_a_household_are_noted(site, signed, people):
    page = signed("operator", card_of(people, below="/consents"))
    page.get_by_text("Note a yes").first.click()
    page.get_by_label("Number of the paper").first.fill("form-9")
    page.get_by_role("button", name="Note a yes").first.click()
    page.get_by_text("It is written down").wait_for()
    page.get_by_role("button", name="Withdraw").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    page.get_by_text("withdrawn").first.wait_for()
    page.goto(card_of(people, below="/profile"))
    page.get_by_text("Answer for the member").click()
    page.get_by_label("Miles").check()
    page.get_by_role("group", name="Pick").locator("xpath=ancestor::form").get_by_role(
        "button", name="Keep"
    ).click()
    page.get_by_text("It is written down.").wait_for()
    page.goto(card_of(people, below="/household"))
    page.get_by_role("button", name="Found a household").click()
    page.get_by_text("The household is there.").wait_for()
    page.get_by_role("textbox", name="Who").fill(people["Bruno"]["card"])
    page.get_by_role("button", name="Invite").click()
    page.get_by_role("heading", name="Open invitations").wait_for()
    page.goto(card_of(people, "Bruno", "/household"))
    page.get_by_role("button", name="The member says yes").click()
    page.get_by_text("The answer is noted.").wait_for()
    assert page.get_by_role("link", name="Anna Q.").count() == 1
    for name in ("Bruno", "Anna"):
        who = people[name]["member_id"]
        home = site.call("GET", f"/v1/members/{who}/household").json()["household"]["household_id"]
        site.call("POST", f"/v1/households/{home}/members/{who}/leave")


def test_a_person_is_erased_and_the_number_stays(site, signed, people):
    card = people["thing"].fresh()
    body = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Zed"}
    gone = people["thing"].made("/v1/members", body)
    page = signed("security", f"/console/members/{gone['member_id']}/privacy")
    page.locator("[name=erase_reason]").fill("asked by letter")
    page.get_by_role("button", name="Erase").click()
    page.get_by_role("dialog").get_by_role("button", name="Erase").click()
    page.get_by_text("The person is erased.").wait_for()
    page.goto(f"/console/members/{gone['member_id']}")
    assert page.get_by_text("This person was erased.").count() == 1
    assert card not in page.content() and "Zed" not in page.content()
    assert page.get_by_role("link", name="Put points right").count() == 0


# Who may not -------------------------------------------------------------------------------------


def test_what_a_role_may_not_is_not_shown_and_refused(looking, signed, people):
    looking.forgiven.append("status of 403")
    page = signed("security", card_of(people, below="/points"))
    assert page.get_by_role("heading", name="What can be done").count() == 0
    page.goto("/console/members")
    assert page.get_by_role("link", name="New member").count() == 0
    assert page.get_by_role("link", name="Lately here").count() == 0, "no lists for security"
    said = page.request.post(
        card_of(people, below="/points"),
        form={"do": "adjust", "key": "k1", "adjust_points": "5", "adjust_reason": "goodwill"},
        headers={"Origin": page.url.split("/console")[0]},
    )
    assert said.status == 403
    for path in ("/console/members/new", "/console/duplicates"):
        assert page.goto(path).status == 403
