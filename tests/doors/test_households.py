"""Points become those of several: what a child may spend, and that a stale session shares none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from doors.test_merges import member
from support import api as shops
from support.api import Api
from support.things import new_member, signed_in

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "households": {"child_per_day": 10}, "offline": {"points": 60, "days": 2},
}  # fmt: skip

STALE = (403, "sign_in_stale")


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def test_an_allowance_is_within_the_limit_of_the_day(api):
    anna, carl = member(api, 500), member(api)
    home = api.call("POST", "/v1/households", {"member_id": anna["member_id"]}).json()
    path = f"/v1/households/{home['household_id']}/invitations"
    asked = api.call("POST", path, {"member_id": carl["member_id"], "role": "child"}).json()
    path = f"/v1/household-invitations/{asked['invitation_id']}/answer"
    assert api.call("POST", path, {"accept": True}).json()["members"] == 2
    points = {
        card: api.call("POST", "/v1/allowances", {"card": card, "store": "S1", "till": "1"}).json()
        for card in (anna["card"], carl["card"])
    }
    assert [each["points"] for each in points.values()] == [60, 10]


def left_open(api, token):
    """Signed in an hour ago: somebody else has it in his hands."""
    with psycopg.connect(api.dsn, autocommit=True) as conn:
        conn.execute("UPDATE access.person_session SET proved_at = now() - interval '1 hour'")
    return token


def told(said):
    return said.status_code, said.json().get("code", "")


@pytest.fixture
def two(api):
    """Anna and whoever wants her points, each with a session; (her, other, her token, his)."""
    anna, other = new_member(api), new_member(api)
    return anna, other, *(signed_in(api, each["member_id"]) for each in (anna, other))


def invited(api, who, token):
    body = {"member_id": who["member_id"]}
    return api.call("POST", "/v1/me/household/invitations", body, token=token)


def answered(api, invitation, token, accept):
    path = f"/v1/me/household-invitations/{invitation['invitation_id']}/answer"
    return api.call("POST", path, {"accept": accept}, token=token)


def test_a_session_left_open_shares_no_points_by_joining(api, two):
    anna, _, hers, his = two
    assert api.call("POST", "/v1/me/household", token=his).is_success
    first = invited(api, anna, his).json()
    assert told(answered(api, first, left_open(api, hers), True)) == STALE
    assert answered(api, first, hers, False).is_success, "no is no harm"
    fresh = signed_in(api, anna["member_id"])
    again = invited(api, anna, signed_in(api, two[1]["member_id"])).json()
    assert answered(api, again, fresh, True).is_success


def test_a_session_left_open_shares_no_points_by_letting_somebody_in(api, two):
    anna, other, hers, _ = two
    assert api.call("POST", "/v1/me/household", token=hers).is_success
    other_phone = left_open(api, signed_in(api, anna["member_id"]))
    assert told(invited(api, other, other_phone)) == STALE
    assert invited(api, other, signed_in(api, anna["member_id"])).is_success


def test_a_session_left_open_adds_no_card_that_would_spend(api, two):
    anna, _, hers, _ = two
    card = {"card": api.cards[-1]}
    assert told(api.call("POST", "/v1/me/cards", card, token=left_open(api, hers))) == STALE
    fresh = signed_in(api, anna["member_id"])
    assert api.call("POST", "/v1/me/cards", card, token=fresh).is_success
