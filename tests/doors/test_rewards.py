"""Rewards over HTTP: offered, claimed once, handed over once; proved after each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from support.api import Api, refused
from support.claims import (
    differences,
    give,
    hand,
    insist,
    left,
    lots,
    member,
    mine,
    opened,
    place,
    reward,
    take,
    taken,
)

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="  # noqa: E501


@pytest.fixture(scope="module")
def shop(server, template) -> Iterator[Api]:
    with opened(server, template) as api:
        yield api


@pytest.fixture
def api(shop) -> Iterator[Api]:
    """The shop; after each test everything is proved."""
    yield shop
    assert differences(shop.dsn) == []


# Claiming ----------------------------------------------------------------------------------------


def test_goods_are_claimed_shown_and_handed_over_once(api):
    anna, mug = member(api), reward(api, 3, days=30)
    key = uuid4().hex
    claim = take(api, anna, mug, key=key).json()
    assert take(api, anna, mug, key=key).json() == claim, "the same call is the same claim"
    assert claim["state"] == "issued" and left(api, mug) == 2
    assert sum(points for _, points, _ in lots(api, anna)) == 900
    shown = mine(api, anna, claim)
    code = shown["code"]
    seen = api.post("/v1/claims/check", {"code": code.lower().replace(" ", "-")}).json()
    assert (seen["name"], seen["ready"], seen["state"]) == (mug, True, "issued")
    assert hand(api, code).json()["state"] == "used"
    assert refused(api, lambda: hand(api, code))["code"] == "claim_closed"
    assert not api.post("/v1/claims/check", {"code": code}).json()["ready"]
    steps = api.call("GET", f"/v1/claims/{claim['claim_id']}").json()["steps"]
    assert [(each["did"], each.get("store", "")) for each in steps] == [
        ("claimed", ""), ("handed_over", "S1"),
    ]  # fmt: skip
    assert "code" not in mine(api, anna, claim), "what is used is shown no more"


def test_who_has_too_little_gets_nothing(api):
    anna, mug = member(api, 99), reward(api, 1)
    problem = refused(api, lambda: take(api, anna, mug))
    assert problem["code"] == "points_short"
    told = api.call("GET", "/v1/me/rewards", token=anna["token"]).json()
    (one,) = [each for each in told["items"] if each["reward"] == mug]
    assert one["lacking"] == 1 and one["left"] == 1
    give(api, anna, 1)
    assert taken(api, anna, mug)["state"] == "issued"
    berta = member(api)
    assert refused(api, lambda: take(api, berta, mug))["code"] == "reward_gone"


def test_a_limit_holds_in_its_period_and_counts_what_is_kept(api):
    anna, mug = member(api), reward(api, most=1, per="month")
    claim = taken(api, anna, mug)
    named = refused(api, lambda: take(api, anna, mug))
    soon = (datetime.now(UTC).replace(day=1) + timedelta(days=31)).replace(day=1).date().isoformat()
    assert named["code"] == "reward_limit" and soon in named["cure"]
    told = api.call("GET", "/v1/me/rewards", token=anna["token"]).json()["items"]
    (one,) = [each for each in told if each["reward"] == mug]
    assert (one["most"], one["per"], one["full"], one["again_on"]) == (1, "month", True, soon)
    path = f"/v1/me/claims/{claim['claim_id']}/cancel"
    assert api.call("POST", path, token=anna["token"]).json()["state"] == "cancelled"
    assert taken(api, anna, mug)


def test_what_is_not_open_cannot_be_had(api):
    anna = member(api)
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    outside: list[dict[str, Any]] = [{"starts": soon}, {"ends": past}]
    for terms in outside:
        problem = refused(api, partial(take, api, anna, reward(api, **terms)))
        assert problem["code"] == "reward_not_offered"
    ended = reward(api)
    place(api, ended, "ended")
    assert refused(api, lambda: take(api, anna, ended))["code"] == "reward_not_offered"
    place(api, ended, "draft")
    assert refused(api, lambda: take(api, anna, ended))["code"] == "reward_unknown"


def test_a_condition_says_for_whom_it_is(api):
    vip = reward(api, who={"attribute": {"name": "vip", "values": [True]}})
    anna, berta = member(api, attributes={"vip": True}), member(api)
    offered = [
        {each["reward"] for each in
         api.call("GET", "/v1/me/rewards", token=who["token"]).json()["items"]}
        for who in (anna, berta)
    ]  # fmt: skip
    assert vip in offered[0] and vip not in offered[1]
    assert refused(api, lambda: take(api, berta, vip))["code"] == "reward_not_yours"
    wish = {"reward": vip}
    said = api.call("POST", "/v1/me/wishes", wish, token=berta["token"])
    assert said.json()["code"] == "reward_unknown"
    assert taken(api, anna, vip)
    for bad in (
        {"weekday": ["sat"]}, {"tier": {"ladder": "none", "at_least": "silver"}}, {"nothing": 1},
        {"attribute": {"name": "a\x00b"}}, {"attribute": {"name": "none"}},
    ):  # fmt: skip
        body = {"code": "bad", "terms": {"kind": "goods", "names": {"en": "x"}, "points": 1,
                                         "who": bad}}  # fmt: skip
        assert api.call("POST", "/v1/rewards", body).json()["code"] == "condition_invalid"


def test_a_reward_of_a_level_is_for_whoever_stands_there(api):
    lounge = reward(api, points=1, who={"tier": {"ladder": "club", "at_least": "silver"}})
    anna = member(api)
    assert refused(api, lambda: take(api, anna, lounge))["code"] == "reward_not_yours"
    assert api.post("/v1/receipts", api.basket(card=anna["card"])).is_success
    assert taken(api, anna, lounge)
    # In a shop whose clock is ahead of the program's it may be tomorrow already.
    api.eye.execute("UPDATE tiers.standing SET since = current_date + 1")
    assert taken(api, anna, lounge)


@pytest.mark.parametrize("rounds", [3, pytest.param(50, marks=pytest.mark.faults_long)])
def test_of_two_who_take_the_last_point_and_piece_one_gets_it(api, rounds):
    """64 at once of a stock of ten: ten have one, and their points alone are gone."""
    everybody = [member(api, 100) for _ in range(16)]
    for _ in range(rounds):
        mug = reward(api, 10)
        for who in everybody:
            short = 100 - sum(points for _, points, _ in lots(api, who))
            if short:
                give(api, who, short)
        with ThreadPoolExecutor(64) as pool:
            said = list(pool.map(lambda who, mug=mug: insist(api, who, mug), everybody * 4))
        codes = [each.status_code for each in said]
        assert codes.count(201) == 10 and set(codes) <= {201, 409}, codes
        assert left(api, mug) == 0
        spent = [who for who in everybody if not lots(api, who)]
        assert len(spent) == 10


# The office --------------------------------------------------------------------------------------


def test_stock_is_never_below_what_is_claimed(api):
    anna, mug = member(api), reward(api, 2)
    taken(api, anna, mug)
    path = f"/v1/rewards/{mug}/stock"
    assert refused(api, lambda: api.call("POST", path, {"stock": 0}))["code"] == "stock_taken"
    assert api.call("POST", path, {"stock": 1}).json()["left"] == 0
    assert "left" not in api.call("POST", path, {"stock": None}).json()


def test_terms_that_are_none_are_refused(api):
    names = {"names": {"en": "x"}}
    for terms, field in (
        ({"kind": "goods", **names}, "terms.points"),
        ({"kind": "goods", "points": 1, "names": {"en": ""}}, "terms.names"),
        ({"kind": "code", "points": 1, **names}, "terms.pool"),
        ({"kind": "code", "points": 1, "pool": "none", **names}, "terms.pool"),
        ({"kind": "privilege", "points": 1, "privilege": "upgrade", **names}, "terms.days"),
        ({"kind": "goods", "points": 1, "currency": "gold", **names}, "terms.currency"),
        ({"kind": "donation", "points": 1, "money_minor": 1, **names}, "terms.money_minor"),
    ):
        send = partial(api.call, "POST", "/v1/rewards", {"code": "none", "terms": terms})
        assert refused(api, send)["field"] == field


def test_a_picture_has_its_own_address(api):
    mug = reward(api)
    told = api.call("POST", f"/v1/rewards/{mug}/picture", {"body": PNG}).json()
    said = api.client.get(f"/v1/pictures/{told['picture']}")
    assert said.status_code == 200 and said.headers["content-type"] == "image/png"
    send = partial(api.call, "POST", f"/v1/rewards/{mug}/picture", {"body": "PHN2Zz4="})
    assert refused(api, send)["code"] == "picture_refused"
    assert api.client.get("/v1/pictures/" + "0" * 64).status_code == 404


def test_a_claim_of_a_till_of_another_store_is_not_handed_over(api):
    anna, mug = member(api), reward(api)
    code = mine(api, anna, taken(api, anna, mug))["code"]
    body = {"code": code, "store": "S2"}
    assert refused(api, lambda: api.post("/v1/claims/hand-over", body))["code"] == "other_store"
    assert hand(api, code).is_success


def test_wishes_are_kept_until_they_are_had(api):
    anna, mug = member(api), reward(api)
    wish = partial(api.call, "POST", "/v1/me/wishes", token=anna["token"])
    assert wish({"reward": mug}).json() == {"rewards": [mug]}
    told = api.call("GET", "/v1/me/rewards", token=anna["token"]).json()["items"]
    assert [each["reward"] for each in told if each.get("wished")] == [mug]
    taken(api, anna, mug)
    other = reward(api)
    assert wish({"reward": other}).json() == {"rewards": [other]}
    assert wish({"reward": other, "wished": False}).json() == {"rewards": []}
