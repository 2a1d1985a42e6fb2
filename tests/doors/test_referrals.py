"""Bringing a friend over HTTP: a code of one's own, joining with it, the points for both."""

from __future__ import annotations

from typing import Any

import pytest

from support.api import day_of
from support.home import PROGRAM, at_home, mail, points_of, wait
from support.things import new_member, signed_in

OFFERED = PROGRAM | {
    "referral": {"referrer_points": 500, "referee_points": 200, "return_days": 0}
}  # fmt: skip


@pytest.fixture(scope="module")
def home(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("bringing")) as found:
        found.api.publish(OFFERED)
        yield found


@pytest.fixture
def api(home):
    return home.api


@pytest.fixture
def web(home):
    return home.afresh()


def code_of(web: Any, token: str) -> str:
    first, again = (web.post("/v1/me/referral", token=token).json()["code"] for _ in range(2))
    assert first == again and len(first) == 13
    return first


def test_who_joins_with_a_friend_s_code_brings_points_to_both(api, web):
    me = new_member(api)
    mine = signed_in(api, me["member_id"])
    assert web.get("/v1/me/referral", mine)["code"] is None
    code = code_of(web, mine)
    friend = web.joined(given_name="Zora", born_on="1961-07-13", referral=code)
    told = web.get("/v1/me/referral", mine)
    assert [(each["state"], each["purchases"]) for each in told["friends"]] == [("open", 0)]
    before = points_of(web, mine)
    api.publish(OFFERED)  # other versions change nothing of what was agreed
    card = api.cards[700]
    body = {"kind": "card", "value": card}
    path = f"/v1/members/{friend['member_id']}/identifiers"
    assert api.call("POST", path, body).is_success
    bought = api.basket(card=card)
    assert api.post("/v1/receipts", bought).status_code == 201
    wait(lambda: points_of(web, mine) == before + 500)
    told = web.get("/v1/me/referral", mine)
    assert [(each["state"], each["points"]) for each in told["friends"]] == [("paid", 500)]
    wait(lambda: points_of(web, friend["token"]) == 100 + 22 + 200 + 1)
    (row,) = api.call("GET", f"/v1/referrals?member={me['member_id']}").json()["items"]
    assert (row["state"], row["referee_id"]) == ("paid", friend["member_id"])
    past = api.call("GET", f"/v1/members/{me['member_id']}/timeline").json()["items"]
    assert "referral" in [each["kind"] for each in past]
    back = {"sale": {"store": "S1", "till": "1", "number": bought["number"], "shift": "",
                     "business_date": day_of(bought)},
            "store": "S1", "till": "1", "number": f"{bought['number']}r",
            "happened_at": bought["happened_at"]}  # fmt: skip
    said = api.post("/v1/returns", back)
    assert said.status_code == 201, said.text
    wait(lambda: points_of(web, mine) == before)
    assert web.get("/v1/me/referral", mine)["friends"][0]["state"] == "taken_back"


def test_a_code_that_nobody_has_is_refused_before_anything_is_sent(web):
    body = {"contact": mail(), "born_on": "1990-05-01", "referral": "NOBODYHASTHIS"}
    said = web.post("/v1/join", body)
    assert (said.status_code, said.json()["code"]) == (422, "referral_unknown")


def test_at_the_till_too_but_not_who_was_here_already(api, web):
    code = code_of(web, signed_in(api, new_member(api)["member_id"]))
    used = api.cards[701]
    assert api.post("/v1/receipts", api.basket(card=used)).status_code == 201
    for card, why in ((api.cards[702], ""), (used, "known")):
        body = {"identifiers": [{"kind": "card", "value": card}], "referral": code}
        said = api.call("POST", "/v1/members", body)
        assert said.status_code == 201, said.text
        path = f"/v1/referrals?member={said.json()['member_id']}"
        (row,) = api.call("GET", path).json()["items"]
        assert row["refused"] == why


def test_who_is_erased_brings_nobody_any_more(api, web):
    me = new_member(api)
    code = code_of(web, signed_in(api, me["member_id"]))
    told = api.call("POST", f"/v1/members/{me['member_id']}/export", {"reason": "asked for it"})
    assert code in told.text
    gone = api.call("POST", f"/v1/members/{me['member_id']}/erase", {"reason": "asked for it"})
    assert gone.is_success, gone.text
    body = {"contact": mail(), "born_on": "1990-05-01", "referral": code}
    assert web.post("/v1/join", body).json()["code"] == "referral_unknown"


def test_without_a_program_that_says_so_nobody_is_brought(api, web):
    mine = signed_in(api, new_member(api)["member_id"])
    api.publish({name: said for name, said in PROGRAM.items() if name != "referral"})
    try:
        assert web.get("/v1/me/referral", mine) == {"terms": None, "code": None, "friends": []}
        said = web.post("/v1/me/referral", token=mine)
        assert said.json()["code"] == "referral_not_offered"
    finally:
        api.publish(OFFERED)
