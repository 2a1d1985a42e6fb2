"""A code that a phone shows, at the till: it stands for the card, for a minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from support import api as shops
from support.things import new_member, signed_in
from tessera.members.showing import flows

PROGRAM = {
    "name": "Shown", "currency": "EUR", "spends_by": ["swipe"],
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


@pytest.fixture
def me(api):
    """A member with 100 points, and the token of a session."""
    member = new_member(api)
    told = {"member": {"card": member["card"]}, "points": 100, "reason": "goodwill"}
    assert api.call("POST", "/v1/adjustments", told).is_success
    return member | {"token": signed_in(api, member["member_id"])}


def shown(api, me) -> str:
    said = api.call("GET", "/v1/me/code", token=me["token"]).json()
    assert said["seconds"] == 60
    return said["code"]


def old(me, seconds: int) -> str:
    """What the phone showed so long ago."""
    return flows.show(UUID(me["member_id"]), datetime.now(UTC) - timedelta(seconds=seconds))


def identify(api, card, token=None):
    return api.call("POST", "/v1/identify", {"card": card}, token=token or api.till)


def buy(api, card, token=None, **more):
    basket = api.basket(card=card, **more)
    return api.call("POST", "/v1/receipts", basket, token=token or api.till)


def balance(api, me) -> int:
    return identify(api, me["card"]).json()["balance"]["balance"]


def test_the_till_is_told_who_stands_there(api, me):
    said = identify(api, shown(api, me)).json()
    assert said["account_id"] == me["account_id"] and said["name"] == "Mia"
    assert said["card"].startswith("98") and "card" not in identify(api, me["card"]).json()


def test_a_receipt_earns_by_a_code_and_writes_nothing_for_it(api, me):
    code = shown(api, me)
    before = api.rows()["members.identifier"]
    said = buy(api, code)
    assert said.status_code == 201 and said.json()["points_earned"] == 115
    assert balance(api, me) == 215 and api.rows()["members.identifier"] == before


def test_points_are_spent_by_a_fresh_code(api, me):
    said = buy(api, shown(api, me), spend={"points": 50}, entry_mode="app")
    assert said.json()["points_spent"] == 50


def test_the_number_alone_earns_and_does_not_spend(api, me):
    said = buy(api, me["card"], spend={"points": 50})
    assert (said.status_code, said.json()["code"]) == (409, "code_needed")
    assert balance(api, me) == 100
    assert buy(api, me["card"]).json()["points_earned"] == 115


def test_where_the_program_says_so_the_plastic_spends(api, me):
    assert buy(api, me["card"], spend={"points": 50}, entry_mode="swipe").is_success


def test_a_code_that_is_over_earns_and_does_not_spend(api, me):
    code = old(me, 300)
    assert identify(api, code).json()["code"] == "code_expired"
    assert buy(api, code, spend={"points": 50}).json()["code"] == "code_needed"
    assert buy(api, code).json()["points_earned"] == 115


def test_a_handle_spends_later_and_for_its_till_alone(api, me):
    handle = identify(api, shown(api, me)).json()["card"]
    elsewhere = buy(api, handle, api.other, store="S2", spend={"points": 10})
    assert elsewhere.json()["code"] == "code_unknown"
    assert buy(api, handle, spend={"points": 10}).json()["points_spent"] == 10


def test_a_forged_code_is_nobody_s(api, me):
    code = shown(api, me)
    forged = code[:-1] + str((int(code[-1]) + 1) % 10)
    for said in (identify(api, forged), buy(api, forged)):
        assert (said.status_code, said.json()["code"]) == (404, "code_unknown")


def test_a_code_works_again_in_its_minute_and_the_receipt_is_done_once(api, me):
    code = shown(api, me)
    basket = api.basket(card=code)
    first = api.call("POST", "/v1/receipts", basket, token=api.till, key="one")
    again = api.call("POST", "/v1/receipts", basket, token=api.till, key="one")
    assert first.content == again.content
    assert buy(api, code).is_success  # stated: within the minute it is the member again
    assert balance(api, me) == 100 + 2 * 115


def test_a_quote_tells_the_same(api, me):
    basket = api.basket(card=shown(api, me), spend={"points": 20})
    said = api.call("POST", "/v1/quotes", {"basket": basket}, token=api.till).json()
    assert said["points_spent"] == 20 and said["could_spend"]["points"] == 100
    basket["card"] = me["card"]
    said = api.call("POST", "/v1/quotes", {"basket": basket}, token=api.till).json()
    assert said["code"] == "code_needed"


def test_a_quote_that_was_held_is_kept_by_the_number_too(api, me):
    basket = api.basket(card=shown(api, me), spend={"points": 20})
    held = api.call("POST", "/v1/quotes", {"basket": basket, "hold": True}, token=api.till).json()
    done = basket | {"card": me["card"], "quote": held["id"]}
    said = api.call("POST", "/v1/receipts", done, token=api.till)
    assert said.json()["points_spent"] == 20


def test_what_was_made_offline_is_judged_by_when_it_was_scanned(api, me):
    code = old(me, 3 * 24 * 3600)
    at = (datetime.now(UTC) - timedelta(days=3) + timedelta(seconds=20)).isoformat()
    assert buy(api, code).json()["code"] == "code_unknown"
    assert buy(api, code, offline=True, happened_at=at).json()["points_earned"] == 115


def test_whose_cards_are_blocked_shows_no_code_that_works(api, me):
    assert api.call("POST", f"/v1/cards/{me['card']}/block", {"reason": "lost"}).is_success
    code = shown(api, me)
    assert identify(api, code).json()["status"] == "blocked"
    assert buy(api, code).json()["code"] == "card_blocked"


def test_points_are_given_away_at_a_till_by_a_code_too(api, me):
    ways = {"transfers": {"transfer": {"most": 50}}}
    api.publish(PROGRAM | ways)
    other = new_member(api)["card"]
    body = {"receiver": {"card": other}, "points": 5, "sender": {"card": me["card"]}}
    said = api.call("POST", "/v1/transfers", body, token=api.till)
    assert said.json()["code"] == "code_needed"
    body["sender"] = {"card": shown(api, me)}
    assert api.call("POST", "/v1/transfers", body, token=api.till).status_code == 201
    api.publish(PROGRAM)
