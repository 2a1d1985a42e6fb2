"""Coupons over HTTP: ordered, handed out once, tried too often, a member's own."""

from __future__ import annotations

import pytest

from support import api as shops
from support import home
from support.coupons import BACK, OFF, THANKS, couponed
from support.things import new_member, signed_in
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.misses import MOST


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(couponed(OFF, THANKS, BACK))
        yield shop


def order(api, count=1, **more):
    said = api.call("POST", "/v1/coupon-batches", {"kind": "TENTH", "count": count} | more)
    assert said.status_code == 201, said.text
    return said.json()


def taken(api, batch, **how):
    said = api.call("POST", f"/v1/coupon-batches/{batch['batch_id']}/export", {}, **how)
    assert said.status_code == 200, said.text
    return said.json()


def told(said):
    return [(each["state"], each.get("kind", "")) for each in said.json()["coupons"]]


def another_till(api):
    return api.issue("till", "S1")[1]


def test_codes_are_handed_out_once_and_are_in_no_stored_answer(api):
    batch = order(api, 5)
    assert (batch["made"], batch["exported"]) == (5, 0)
    first = taken(api, batch, key="once")
    assert (len(set(first["codes"])), first["left"]) == (5, 0)
    assert taken(api, batch, key="once")["codes"] == []
    assert taken(api, batch)["codes"] == []
    path = f"/v1/coupon-batches/{batch['batch_id']}/export"
    again = api.call("POST", path, {"again": True})
    assert again.json()["codes"] == first["codes"]
    log = api.eye.execute("SELECT string_agg(a::text, '') FROM access.audit AS a").fetchone()
    assert log is not None and not any(code in log[0] for code in first["codes"])


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"kind": "NONE", "count": 1}, "coupon_unknown"),
        ({"kind": "THANKS", "count": 1}, "coupon_personal"),
        (
            {"kind": "TENTH", "count": 1, "starts": "2026-02-01", "ends": "2026-01-01"},
            "dates_reversed",
        ),
    ],
)
def test_what_cannot_be_ordered_is_refused_with_a_reason(api, body, code):
    problem = shops.refused(api, lambda: api.call("POST", "/v1/coupon-batches", body))
    assert problem["code"] == code


def test_a_large_order_is_made_by_and_by(api):
    batch = order(api, 20_000)
    assert batch["made"] == 0
    early = api.call("POST", f"/v1/coupon-batches/{batch['batch_id']}/export", {})
    assert early.json().get("code") == "batch_unfinished" or early.is_success
    home.wait(lambda: read(api, batch)["made"] == 20_000)
    assert len(set(taken(api, batch)["codes"])) == 20_000


def read(api, batch):
    return api.call("GET", f"/v1/coupon-batches/{batch['batch_id']}").json()


def test_a_dry_quote_tells_the_same_and_takes_nothing(api):
    (code,) = taken(api, order(api))["codes"]
    token = another_till(api)
    for _ in range(2):
        said = api.post("/v1/quotes", {"basket": api.basket(coupons=[code])}, token=token, key=None)
        assert told(said) == [("accepted", "TENTH")]
        assert said.json()["to_pay_minor"] == 1035
    bought = api.post("/v1/receipts", api.basket(coupons=[code]), token=token)
    assert told(bought)[0] == ("accepted", "TENTH")
    dry = api.post("/v1/quotes", {"basket": api.basket(coupons=[code])}, token=token, key=None)
    assert told(dry) == [("used", "TENTH")]


@pytest.mark.parametrize("how", ["quote", "confirm"])
def test_after_ten_wrong_codes_no_coupon_is_looked_at(api, how):
    (code,) = taken(api, order(api))["codes"]
    token, answers = another_till(api), []

    def show(*shown):
        basket = api.basket(coupons=list(shown), card=None)
        if how == "quote":
            return api.post("/v1/quotes", {"basket": basket}, token=token, key=None)
        return api.post("/v1/receipts", basket, token=token)

    for n in range(20):
        answers.append(told(show(codes.spelled(1000 + n)))[0][0])
    assert answers == ["unknown"] * MOST + ["try_later"] * (20 - MOST)
    assert told(show(code)) == [("try_later", "")]
    # Who mistypes is not wrong, and another till is not held back.
    fresh = another_till(api)
    for _ in range(15):
        basket = api.basket(coupons=["ABCDE-FGHJK-MNPQ"])
        said = api.post("/v1/quotes", {"basket": basket}, token=fresh, key=None)
        assert told(said) == [("mistyped", "")]
    said = api.post("/v1/quotes", {"basket": api.basket(coupons=[code])}, token=fresh, key=None)
    assert told(said) == [("accepted", "TENTH")]


def test_staff_look_one_code_up_and_call_it_back(api):
    (code,) = taken(api, order(api, label="Leaflet"))["codes"]
    desk = api.issue("operator")[1]
    found = api.call("POST", "/v1/coupons/find", {"code": code.lower()}, token=desk).json()
    assert (found["state"], found["label"], found["used"]) == ("good", "Leaflet", 0)
    gone = api.call("POST", "/v1/coupons/void", {"code": code, "reason": "lost"}, token=desk)
    assert gone.json()["state"] == "revoked"
    said = [
        api.call("POST", "/v1/coupons/find", {"code": codes.spelled(5000 + n)}, token=desk)
        for n in range(12)
    ]
    assert {each.status_code for each in said[:MOST]} == {404}
    wrong = api.call("POST", "/v1/coupons/find", {"code": code[:-1] + "?"}, token=desk)
    assert wrong.json()["code"] == "coupon_mistyped"


def test_a_revoked_order_counts_no_more(api):
    batch = order(api)
    (code,) = taken(api, batch)["codes"]
    path = f"/v1/coupon-batches/{batch['batch_id']}/revoke"
    said = api.call("POST", path, {"reason": "misprint"}).json()
    assert (said["reason"], said["revoked_by"] != "") == ("misprint", True)
    shown = api.post("/v1/receipts", api.basket(coupons=[code]), token=another_till(api))
    assert told(shown)[0] == ("revoked", "TENTH")


def test_a_member_sees_her_own_and_staff_its_end(api):
    anna = new_member(api)
    basket = api.basket(card=anna["card"])
    token = another_till(api)
    assert api.post("/v1/quotes", {"basket": basket}, token=token, key=None).json()["kind"]
    given = api.post("/v1/receipts", basket, token=token).json()["coupons"][0]
    mine = api.call("GET", "/v1/me/coupons", token=signed_in(api, anna["member_id"])).json()
    (own,) = mine["items"]
    assert (own["code"], own["state"], own["left"]) == (given["code"], "good", 1)
    assert own["gives"] == ["2.00 EUR off from 0.01 EUR on."]
    (seen,) = api.call("GET", f"/v1/members/{anna['member_id']}/coupons").json()["items"]
    assert seen["code"] == f"…{given['code'][-4:]}"
    spent = api.post("/v1/receipts", api.basket(card=anna["card"], coupons=[given["code"]]),
                     token=token)  # fmt: skip
    assert told(spent)[0] == ("accepted", "THANKS")
    kinds = {each["kind"]: each for each in api.call("GET", "/v1/coupon-kinds").json()["kinds"]}
    assert kinds["THANKS"]["given"] >= 2
    assert (kinds["THANKS"]["used"], kinds["THANKS"]["discount_minor"]) == (1, 200)
