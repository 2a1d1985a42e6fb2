"""What one says of oneself over HTTP: the profile, contacts, consents, choices."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from support.home import YES, at_home, digits, fresh_card, mail, points_of, wait


@pytest.fixture(scope="module")
def home(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("joining")) as found:
        yield found


@pytest.fixture
def api(home):
    return home.api


@pytest.fixture
def web(home):
    return home.afresh()


# Oneself -----------------------------------------------------------------------------------------


def test_a_member_says_what_the_program_lets_one_say(api, web):
    done = web.joined()
    token = done["token"]
    me = web.get("/v1/me", token)
    assert (me["complete"], me["missing"]) == (50, ["children"])
    web.quiet()
    assert {each["name"]: each["mine"] for each in me["attributes"]} == {
        "children": True, "score": False, "answer": True,
    }  # fmt: skip

    def change(body: Any) -> Any:
        return api.call("PATCH", "/v1/me", body, token=token)

    for body, code in (
        ({"attributes": {"score": 5}}, "attribute_not_yours"),
        ({"attributes": {"segment": "x"}}, "attribute_unknown"),
        ({"attributes": {"segment": None}}, "attribute_unknown"),
        ({"attributes": {"children": 21}}, "attribute_invalid"),
        ({"born_on": "1991-05-01"}, "born_on_fixed"),
    ):
        before = api.rows()
        assert change(body).json()["code"] == code
        assert api.rows() == before
    assert change({"attributes": {"children": 2}, "family_name": "Verdi"}).is_success
    me = web.get("/v1/me", token)
    assert (me["complete"], me["missing"], me["family_name"]) == (100, [], "Verdi")
    wait(lambda: points_of(web, token) == 130)
    for children in (None, 3):
        assert change({"attributes": {"children": children}}).is_success
    web.quiet()
    assert points_of(web, token) == 130, "complete a second time is worth nothing"
    said = api.call("PATCH", f"/v1/members/{done['member_id']}", {"attributes": {"answer": "x"}})
    assert said.json()["code"] == "attribute_not_yours"


def test_a_contact_is_proved_and_what_waited_for_it_counts(api, web):
    token = web.joined()["token"]
    phone = {"kind": "phone", "value": f"334 {digits()}"}
    yes = {"consents": [YES | {"channel": "sms"}]}
    assert web.post("/v1/me/consents", yes, token).json()["now"][0]["state"] == "pending"
    sent = web.post("/v1/me/contacts", phone, token).json()
    code = web.code(sent["challenge_id"])
    path = f"/v1/me/contacts/{sent['challenge_id']}"
    other = phone | {"value": "335 0000001", "code": code}
    assert web.post(path, other, token).json()["code"] == "code_wrong"
    sent = web.post("/v1/me/contacts", phone, token).json()
    path = f"/v1/me/contacts/{sent['challenge_id']}"
    code = web.code(sent["challenge_id"])
    stranger = web.joined()["token"]
    assert web.post(path, phone | {"code": code}, stranger).json()["code"] == "code_wrong"
    sent = web.post("/v1/me/contacts", phone, token).json()
    path = f"/v1/me/contacts/{sent['challenge_id']}"
    said = web.post(path, phone | {"code": web.code(sent["challenge_id"])}, token)
    assert said.status_code == 200, said.text
    now = web.get("/v1/me/consents", token)["now"]
    assert [(each["channel"], each["state"], each["way"]) for each in now] == [
        ("sms", "given", "code")
    ]
    held = web.get("/v1/me", token)["identifiers"]
    assert {each["kind"] for each in held if each["verified_at"]} == {"email", "phone"}


def test_staff_prove_a_contact_with_the_member_beside_them(api, web):
    body = {"identifiers": [{"kind": "external", "value": uuid4().hex}]}
    member = api.call("POST", "/v1/members", body).json()["member_id"]
    address = mail()
    sent = api.call("POST", f"/v1/members/{member}/contacts", address).json()
    body = address | {"code": web.code(sent["challenge_id"])}
    said = api.call("POST", f"/v1/members/{member}/contacts/{sent['challenge_id']}", body)
    assert said.status_code == 200, said.text
    told = api.call("GET", f"/v1/members/{member}").json()["identifiers"]
    assert [each["kind"] for each in told if each["verified_at"]] == ["email"]


def test_of_a_new_contact_the_other_ones_are_told_and_the_log_says_who_gave_it(api, web):
    """Whoever of staff proves an address of his own as a member's is not alone in knowing it."""
    (mine, other), outbox = (mail(), mail()), web.outbox / "outbox"
    member = web.joined(contact=mine)["member_id"]
    token, before = api.issue("operator")[1], {each.name for each in outbox.glob("*.txt")}

    def prove(contact: dict[str, str]) -> None:
        path = f"/v1/members/{member}/contacts"
        sent = api.call("POST", path, contact, token=token, key=None).json()["challenge_id"]
        body = contact | {"code": web.code(sent)}
        assert api.call("POST", f"{path}/{sent}", body, token=token, key=None).is_success

    def notices() -> list[str]:
        texts = [each.read_text() for each in outbox.glob("*.txt") if each.name not in before]
        return [each for each in texts if "Un nuovo modo di accedere" in each]

    prove(other)
    wait(lambda: len(notices()) == 1)
    assert f"To: {mine['value']}\n" in notices()[0] and other["value"] not in notices()[0]
    prove(mine)  # it is the member's already: nothing to tell
    log = api.call("GET", f"/v1/audit?subject={member}").json()["items"]
    done = [each["operation"] for each in log if each["by"]["kind"] == "key"]
    assert done == ["contact.prove", "contact.send"] * 2
    wait(lambda: api.rows()["access.code_outbox"] == 0)
    assert len(notices()) == 1


def test_a_link_in_a_message_ends_it_at_once(api, web):
    done = web.joined(consents=[YES])
    card = fresh_card(api)
    assert web.post("/v1/me/cards", {"card": card}, done["token"]).is_success
    first = api.post("/v1/receipts", api.basket(card=card)).json()
    assert first["points_earned"] == 23 + 7, "the rule of those who agreed"
    path = f"/v1/members/{done['member_id']}/unsubscribe?purpose=news&channel=email"
    link = api.call("GET", path).json()
    said = api.client.post(
        link["path"], content=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )  # fmt: skip
    assert said.status_code == 200 and said.json() == {"purpose": "news", "channel": "email"}
    second = api.post("/v1/receipts", api.basket(card=card)).json()
    assert second["points_earned"] == 23
    said = api.client.post(link["path"][:-1] + ("A" if link["path"][-1] != "A" else "B"))
    assert (said.status_code, said.json()["code"]) == (404, "token_invalid")


def test_a_choice_counts_in_rules_and_changes_once_a_month(api, web):
    done = web.joined()
    token, card = done["token"], fresh_card(api)
    assert web.post("/v1/me/cards", {"card": card}, token).is_success
    for options, code in ((["miles"], None), (["gifts"], None), (["miles"], "choice_too_soon")):
        said = web.post("/v1/me/choices", {"choice": "track", "options": options}, token)
        assert said.json().get("code") == code, said.text
    told = web.get("/v1/me/choices", token)
    assert {each["choice"]: each["chosen"] for each in told["choices"]} == {
        "track": ["gifts"], "tier": [],
    }  # fmt: skip
    assert len(told["history"]) == 2
    sale = api.post("/v1/receipts", api.basket(card=card)).json()
    assert sale["points_earned"] == 23 + 11
    said = web.post("/v1/me/choices", {"choice": "tier", "options": ["gold"]}, token)
    assert said.json()["code"] == "choice_not_yours"
    path = f"/v1/members/{done['member_id']}/choices"
    body = {"choice": "track", "options": ["miles"]}
    assert api.call("POST", path, body).json()["code"] == "choice_too_soon"
    assert api.call("POST", path, body | {"reason": "typed wrong"}).is_success


def test_who_sees_pseudonyms_sees_no_name(api, web):
    member = web.joined()["member_id"]
    api.call("PATCH", f"/v1/members/{member}", {"attributes": {"segment": "Mario's wife"}})
    token = api.issue("analyst")[1]
    told = api.call("GET", f"/v1/members/{member}", token=token).json()
    assert (told["name"], told["attributes"]) == ("", {})
    assert [each["value"] for each in told["identifiers"]] == ["•••"]


def test_an_application_nobody_came_back_for_is_gone(api, web):
    challenge = web.asked(given_name="Canary")["challenge_id"]
    sealed = api.eye.execute(
        "SELECT sealed FROM members.application WHERE challenge_id = %s", (challenge,)
    ).fetchone()
    assert sealed is not None and b"Canary" not in bytes(sealed[0])
    api.eye.execute("UPDATE members.application SET expires_at = now() - interval '1 second'")
    wait(lambda: api.rows()["members.application"] == 0)
    said = web.post(f"/v1/join/{challenge}", {"code": web.code(challenge)})
    assert said.json()["code"] == "code_wrong"
