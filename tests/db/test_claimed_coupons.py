"""Coupons of ours as rewards: minted with the claim, shown to the member, taken back unused."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from support import api as shops
from support.api import Api, refused
from support.claims import (
    PROGRAM,
    differences,
    insist,
    later,
    left,
    lots,
    member,
    mine,
    reward,
    take,
    taken,
)

COUPONED: dict[str, Any] = PROGRAM | {
    "rules": [
        *PROGRAM["rules"],
        {"id": "off", "mechanic": "percent_off", "percent": 10, "coupon": "TENTH"},
    ],
    "coupons": {
        "TENTH": {"name": "10 % off", "personal": True, "days": 30},
        "WORD": {"name": "For all", "code": "SUMMER"},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def shop(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as api:
        said = api.call("POST", "/v1/program", COUPONED)
        assert said.status_code == 201, said.text
        yield api


@pytest.fixture
def api(shop) -> Iterator[Api]:
    """The shop; after each test everything is proved."""
    yield shop
    assert differences(shop.dsn) == []


def tenth(api: Api, stock: int | None = None) -> str:
    return reward(api, stock, kind="coupon", coupon="TENTH")


def buys(api: Api, who: dict[str, str], code: str) -> dict[str, Any]:
    """A sale that shows a coupon; what is answered."""
    body = api.basket(card=who["card"], coupons=[code])
    said = api.post("/v1/receipts", body)
    assert said.status_code == 201, said.text
    return said.json()


def cancel(api: Api, claim: dict[str, Any]) -> Any:
    return api.call("POST", f"/v1/claims/{claim['claim_id']}/cancel", {"reason": "not wanted"})


def test_a_claim_brings_a_coupon_that_counts_at_the_till(api):
    anna, berta = member(api), member(api)
    claim = taken(api, anna, tenth(api))
    assert claim["state"] == "issued" and claim["ends_at"]
    told = mine(api, anna, claim)
    own = api.call("GET", "/v1/me/coupons", token=anna["token"]).json()["items"]
    office = api.call("GET", f"/v1/claims/{claim['claim_id']}").json()
    assert told["last_day"] == office["last_day"] == own[0]["ends"], "the till's last day"
    code = told["code"]
    own = api.call("GET", "/v1/me/coupons", token=anna["token"]).json()
    assert code in str(own)
    (state,) = buys(api, berta, code)["coupons"]
    assert state["state"] == "not_yours"
    done = buys(api, anna, code)
    assert [(each["kind"], each["state"]) for each in done["coupons"]] == [("TENTH", "accepted")]
    assert mine(api, anna, claim)["state"] == "used"
    assert "code" not in mine(api, anna, claim)
    office = api.call("GET", f"/v1/claims/{claim['claim_id']}").json()
    assert (office["state"], office["uses"]) == ("used", 1)


def test_cancelled_unused_the_code_is_void_and_used_it_stays(api):
    anna, kind = member(api), tenth(api, 5)
    claim = taken(api, anna, kind)
    code = mine(api, anna, claim)["code"]
    alone = partial(api.call, "POST", f"/v1/me/claims/{claim['claim_id']}/cancel",
                    token=anna["token"])  # fmt: skip
    assert alone().json()["state"] == "cancelled"
    assert (left(api, kind), sum(points for _, points, _ in lots(api, anna))) == (5, 1000)
    (state,) = buys(api, anna, code)["coupons"]
    assert state["state"] == "revoked"
    second = taken(api, anna, kind)
    code = mine(api, anna, second)["code"]
    buys(api, anna, code)
    assert refused(api, lambda: cancel(api, second))["code"] == "claim_used"
    assert left(api, kind) == 4


def test_what_a_quote_keeps_is_not_taken_back(api):
    anna = member(api)
    claim = taken(api, anna, tenth(api))
    basket = api.basket(card=anna["card"], coupons=[mine(api, anna, claim)["code"]])
    quote = api.post("/v1/quotes", {"basket": basket, "hold": True}).json()
    assert refused(api, lambda: cancel(api, claim))["code"] == "claim_kept"
    assert api.post(f"/v1/quotes/{quote['id']}/cancel", None).is_success
    assert cancel(api, claim).json()["state"] == "cancelled"


def test_time_makes_it_used_or_void(api):
    anna, kind = member(api), tenth(api, 2)
    first, second = taken(api, anna, kind), taken(api, anna, kind)
    code = mine(api, anna, second)["code"]
    buys(api, anna, mine(api, anna, first)["code"])
    assert later(api, first, days=29) == "issued"
    assert later(api, first, days=33) == "used"
    assert later(api, second, days=33) == "expired"
    assert left(api, kind) == 1
    (state,) = buys(api, anna, code)["coupons"]
    assert state["state"] == "revoked"


def test_many_ask_and_each_claim_has_one_code_of_its_own(api):
    everybody = [member(api, 400) for _ in range(8)]
    kind = tenth(api, 10)
    with ThreadPoolExecutor(32) as threads:
        said = list(threads.map(lambda who: insist(api, who, kind), everybody * 4))
    done = [each.json()["claim_id"] for each in said if each.status_code == 201]
    assert len(done) == 10
    (codes,) = api.eye.execute(
        "SELECT count(DISTINCT k.code) FROM rewards.claim_coupon AS k"
        " JOIN rewards.coupon AS c USING (code) WHERE k.claim_id = ANY(%s)", (done,),
    ).fetchone()  # fmt: skip
    assert codes == 10


@pytest.mark.parametrize(
    ("terms", "code", "field"),
    [
        ({"kind": "coupon"}, "reward_invalid", "terms.coupon"),
        ({"coupon": "TENTH"}, "reward_invalid", "terms.coupon"),
        ({"kind": "coupon", "coupon": "NONE"}, "coupon_unknown", "terms.coupon"),
        ({"kind": "coupon", "coupon": "WORD"}, "coupon_word", "terms.coupon"),
        ({"kind": "coupon", "coupon": "TENTH", "money_minor": 5}, "reward_invalid",
         "terms.money_minor"),
        ({"funding": "supplier"}, "reward_invalid", "terms.partner"),
        ({"funding": "partner", "partner": "NOPE"}, "reward_invalid", "terms.partner"),
        ({"points": 0, "money_minor": 500}, "reward_invalid", "terms.points"),
    ],
)  # fmt: skip
def test_terms_that_are_none(api, terms, code, field):
    told = {"kind": "goods", "names": {"en": "x"}, "points": 5} | terms
    said = refused(api, lambda: api.call("POST", "/v1/rewards", {"code": "odd", "terms": told}))
    assert (said["code"], said["field"]) == (code, field)


def test_a_kind_that_the_program_gives_up_is_not_claimed(api):
    anna, kind = member(api), tenth(api)
    without = COUPONED | {"rules": PROGRAM["rules"], "coupons": {}}
    assert api.call("POST", "/v1/program", without).status_code == 201
    try:
        assert refused(api, lambda: take(api, anna, kind))["code"] == "coupon_unknown"
    finally:
        assert api.call("POST", "/v1/program", COUPONED).status_code == 201
