"""Joining by oneself over HTTP: the code, the welcome, the paper at the till, the card."""

from __future__ import annotations

import re
import threading
import time
from typing import Any
from uuid import uuid4

import pytest

from support.api import refused
from support.home import (
    YES,
    at_home,
    balance,
    digits,
    fresh_card,
    mail,
    points_of,
    slip_of,
    somebody,
    wait,
)


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


# Joining -----------------------------------------------------------------------------------------


def test_somebody_joins_with_a_code_and_is_welcomed_once(api, web):
    contact = mail()
    before = api.call("GET", "/v1/joining").json()["campaigns"]
    done = web.joined(contact=contact, source="leaflet", consents=[YES])
    assert done["joined"] and not done["history"] and done["token"].startswith("tsr_m")
    me = web.get("/v1/me", done["token"])
    assert (me["given_name"], me["language"]) == ("Mario", "it")
    (held,) = me["identifiers"]
    assert held["kind"] == "email" and held["verified_at"] and "•" in held["value"]
    now = web.get("/v1/me/consents", done["token"])["now"]
    assert [(each["state"], each["way"]) for each in now] == [("given", "web")], "it was proved"
    web.quiet()
    assert points_of(web, done["token"]) == 100
    report = api.call("GET", "/v1/joining").json()
    leaflet = next(each for each in report["campaigns"] if each["source"] == "leaflet")
    was = next(each for each in before if each["source"] == "leaflet")
    assert leaflet["joiners"] == was["joiners"] + 1
    assert leaflet["cost_minor"] == 1000 + 50 * leaflet["joiners"]
    assert (
        sum(day["joiners"] for day in report["days"] if day["source"] == "leaflet")
        == (leaflet["joiners"])
    )


def test_whether_we_know_somebody_nobody_is_told(api, web):
    """The same answer, the same rows, the same message; only who holds the code learns it."""
    contact = mail()
    first = web.joined(contact=contact)

    def ask(whose: dict[str, str]) -> tuple[list[str], dict[str, int], str]:
        before = api.rows()
        said = web.post("/v1/join", {**somebody(), "contact": whose})
        assert said.status_code == 200
        after = api.rows()
        challenge = said.json()["challenge_id"]
        web.code(challenge)
        text = (web.outbox / "outbox" / f"{challenge}.txt").read_text()
        text = re.sub(r"\b[0-9]{6}\b|p[0-9]+@", "#", text)
        grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        return sorted(said.json()), grown, text

    known, unknown = ask(contact), ask(mail())
    assert known[0] == unknown[0]
    assert (
        {k: v for k, v in known[1].items() if k.startswith("members")}
        == {"members.application": 1}
        == {k: v for k, v in unknown[1].items() if k.startswith("members")}
    )
    assert re.sub("[0-9a-f-]{36}", "", known[2]) == re.sub("[0-9a-f-]{36}", "", unknown[2])
    web.api.eye.execute("DELETE FROM access.code_bucket")
    again = web.joined(contact=contact, given_name="Not Mario", consents=[YES])
    assert (again["member_id"], again["joined"]) == (first["member_id"], False)
    me = web.get("/v1/me", again["token"])
    assert me["given_name"] == "Mario", "who is known is signed in, and nothing of hers changes"
    assert web.get("/v1/me/consents", again["token"])["history"] == []


@pytest.mark.parametrize(
    ("more", "code", "field"),
    [
        ({"contact": {"kind": "phone", "value": "8 800"}}, "phone_invalid", "contact.value"),
        ({"contact": {"kind": "email", "value": "a@\u0435xample.org"}}, "email_invalid",
         "contact.value"),
        ({"born_on": "2020-01-01"}, "too_young", "born_on"),
        ({"born_on": None}, "born_on_missing", "born_on"),
        ({"born_on": "1800-01-01"}, "born_on_impossible", "born_on"),
        ({"source": "tv"}, "source_unknown", "source"),
        ({"consents": [YES | {"purpose": "x"}]}, "consent_unknown", "consents[0].purpose"),
        ({"consents": [YES | {"wording": "v9"}]}, "wording_unknown", "consents[0].wording"),
        ({"given_name": "{{7*7}}"}, "body_invalid", "given_name"),
        ({"card": "4000000000006"}, "card_not_proved", "card"),
    ],
)  # fmt: skip
def test_who_cannot_join_is_told_why(api, web, more, code, field):
    body = {**somebody(), **more}
    if code == "card_not_proved":  # the try is counted
        problem = web.post("/v1/join", body).json()
    else:
        problem = refused(api, lambda: web.post("/v1/join", body))
    assert (problem["code"], problem["field"]) == (code, field)


def test_a_wrong_code_makes_nobody_a_member(api, web):
    challenge = web.asked()["challenge_id"]
    right = web.code(challenge)
    wrong = "000000" if right != "000000" else "000001"
    before = api.rows()["members.member"]
    for _ in range(5):
        said = web.post(f"/v1/join/{challenge}", {"code": wrong})
        assert said.json()["code"] == "code_wrong"
    said = web.post(f"/v1/join/{challenge}", {"code": right})
    assert said.json()["code"] == "code_wrong", "five tries"
    assert api.rows()["members.member"] == before
    assert web.post(f"/v1/join/{uuid4()}", {"code": right}).json()["code"] == "code_wrong"
    assert web.post("/v1/join/x", {"code": right}).json()["code"] == "code_wrong"


def test_of_two_who_prove_one_contact_at_once_one_joins_and_one_is_known(api, web):
    contact = mail()
    challenges = [web.asked(contact=contact)["challenge_id"] for _ in range(2)]
    codes = [web.code(each) for each in challenges]
    found: list[Any] = []

    def finish(challenge: str, code: str) -> None:
        found.append(web.post(f"/v1/join/{challenge}", {"code": code}).json())

    threads = [
        threading.Thread(target=finish, args=each) for each in zip(challenges, codes, strict=True)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each["joined"] for each in found) == [False, True]
    assert found[0]["member_id"] == found[1]["member_id"]


def test_the_page_knows_what_to_ask(web):
    asked = web.api.call("GET", "/v1/join?language=it", token="").json()
    assert (asked["minimum_age"], asked["country"], asked["open"]) == (14, "IT", True)
    (news,) = asked["consents"]
    assert news["text"] == "Potete scrivermi." and news["confirmed"] == ["email", "sms"]


def test_what_is_handed_over_again_gives_nothing_again(api, web):
    """As after a kill between the writer's commit and the note that it is done."""
    done = web.joined()
    web.quiet()
    before = api.rows()
    assert points_of(web, done["token"]) == 100
    api.eye.execute("UPDATE members.posting SET settled_at = NULL")
    web.quiet()
    assert points_of(web, done["token"]) == 100
    assert api.rows()["checkout.event"] == before["checkout.event"]
    refused_ = "SELECT count(*) FROM members.posting WHERE refused <> ''"
    assert api.eye.execute(refused_).fetchone() == (0,)


# At the till -------------------------------------------------------------------------------------


def test_a_till_takes_down_a_phone_and_a_paper(api):
    body = {
        "identifiers": [{"kind": "phone", "value": f"333 {digits()}"}],
        "source": "leaflet",
    }
    said = api.post("/v1/members", body | {"consents": [YES]})
    assert said.json()["code"] == "proof_missing"
    said = api.post("/v1/members", body | {"consents": [YES], "proof": "form-7"})
    assert said.status_code == 201, said.text
    member = said.json()["member_id"]
    told = api.call("GET", f"/v1/members/{member}/consents").json()
    assert [(each["state"], each["way"], each["proof"]) for each in told["now"]] == [
        ("pending", "till", "form-7")
    ]
    row = api.eye.execute(
        "SELECT way, source, store_id, cost_minor FROM members.joining WHERE member_id = %s",
        (member,),
    ).fetchone()
    assert row == ("till", "leaflet", "S1", 50)


def test_a_phone_is_understood_as_the_country_dials_it_wherever_one_is_asked_for(api, web):
    phone = {"kind": "phone", "value": f"333 {digits()}"}
    body = {"identifiers": [phone], "given_name": "Carla", "family_name": "Neri"}
    member = api.post("/v1/members", body).json()["member_id"]
    (near,) = api.post("/v1/duplicates/near", body).json()["items"]
    assert near["member"]["member_id"] == member
    asked = web.post("/v1/sign-in/code", phone)
    assert asked.status_code == 202, asked.text
    assert web.code(asked.json()["challenge_id"]), "it came to the member"
    basket = api.basket(identifier=phone)
    del basket["card"]
    quote = api.post("/v1/quotes", {"basket": basket})
    assert quote.is_success, quote.text
    assert api.post("/v1/receipts", basket).status_code == 201
    said = api.post("/v1/identify", {"identifier": phone}).json()
    assert said["registered"] and said["balance"]["balance"] > 0


def test_a_till_posts_no_event_of_the_house(api):
    event = {
        "type": "joined", "id": uuid4().hex, "happened_at": "2026-11-20T10:00:00+01:00",
        "card": api.cards[0],
    }  # fmt: skip
    assert refused(api, lambda: api.post("/v1/events", event))["code"] == "event_ours"


# Cards -------------------------------------------------------------------------------------------


def test_a_used_card_comes_along_with_a_receipt_of_it(api, web):
    card = fresh_card(api)
    slip = slip_of(api, card)
    assert balance(api, card) == 23
    for wrong in (
        None, slip | {"number": "x"}, slip | {"day": "2026-11-19"}, slip | {"total_minor": 1149},
    ):  # fmt: skip
        said = web.post("/v1/join", {**somebody(), "card": card, "receipt": wrong})
        assert said.json()["code"] == "card_not_proved"
    done = web.joined(card=card, receipt=slip)
    assert done["history"]
    wait(lambda: points_of(web, done["token"]) == 123)
    assert balance(api, card) == 123


def test_a_member_adds_a_used_card_and_nothing_is_doubled(api, web):
    done = web.joined()
    wait(lambda: points_of(web, done["token"]) == 100)
    card = fresh_card(api)
    slip = slip_of(api, card)
    said = web.post("/v1/me/cards", {"card": card}, done["token"])
    assert said.json()["code"] == "card_not_proved"
    said = web.post("/v1/me/cards", {"card": card, "receipt": slip}, done["token"])
    assert said.status_code == 200, said.text
    assert points_of(web, done["token"]) == 123 == balance(api, card)
    unused = fresh_card(api)
    said = web.post("/v1/me/cards", {"card": unused}, done["token"])
    assert said.status_code == 200, said.text
    assert balance(api, unused) == 123


def test_guessing_at_cards_ends_soon_and_tells_nothing(api, web):
    """Five tries a card; nobody else's card, a used one and one that is none look the same."""
    token = web.joined()["token"]
    used = fresh_card(api)
    slip = slip_of(api, used)
    answers = []
    for card in (used, api.cards[0], "4000000000006"):
        said = web.post("/v1/me/cards", {"card": card, "receipt": slip | {"number": "x"}}, token)
        answers.append({**said.json()})
    assert answers[0] == answers[1] == answers[2] and answers[0]["code"] == "card_not_proved"
    for _ in range(4):
        web.post("/v1/me/cards", {"card": used, "receipt": slip | {"number": "x"}}, token)
    said = web.post("/v1/me/cards", {"card": used, "receipt": slip}, token)
    assert (said.status_code, said.json()["code"]) == (429, "too_many_tries")
    for _ in range(20):
        ask = {"card": fresh_card(api), "receipt": slip}
        said = web.post("/v1/me/cards", ask, token)
        while said.json().get("code") == "too_many_calls":  # a member may call 20 times a second
            time.sleep(0.1)
            said = web.post("/v1/me/cards", ask, token)
    assert said.json()["code"] == "too_many_tries", "and twenty an address"


def test_of_cards_never_used_a_member_gets_one_and_a_network_three(api, web):
    """They are somebody's who was handed them: in a row they are not to be had."""
    anna, berta, carla = (web.joined()["token"] for _ in range(3))
    asked = [anna, anna, berta, carla]
    said = [web.post("/v1/me/cards", {"card": fresh_card(api)}, token) for token in asked]
    assert [each.status_code for each in said] == [200, 422, 200, 422]
    assert {each.json()["code"] for each in said[1::2]} == {"card_not_proved"}
    said = web.post("/v1/join", {**somebody(), "card": fresh_card(api)})
    assert said.json()["code"] == "card_not_proved", "and nobody joins with one more"


def test_who_joins_with_a_card_has_had_the_one_of_the_year(api, web):
    done = web.joined(card=(card := fresh_card(api)))
    assert done["joined"] and done["card"] and not done["history"]
    wait(lambda: balance(api, card) == 100)
    said = web.post("/v1/me/cards", {"card": fresh_card(api)}, done["token"])
    assert said.json()["code"] == "card_not_proved"


def test_a_card_that_is_used_before_the_code_comes_back_is_not_given(api, web):
    card = fresh_card(api)
    asked = web.asked(card=card)["challenge_id"]
    slip = slip_of(api, card)
    done = web.finished(asked)
    assert (done["joined"], done["history"], done["card"]) == (True, False, False)
    wait(lambda: points_of(web, done["token"]) == 100)
    assert balance(api, card) == 23
    said = web.post("/v1/me/cards", {"card": card, "receipt": slip}, done["token"])
    assert said.is_success and balance(api, card) == 123, "its receipt proves it"
