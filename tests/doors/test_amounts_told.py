"""What a till is always told: amounts that are 0, why nothing was given, points that are gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support import api as shops
from support.api import Api, day_of
from support.shop import PAY, TWO_PERCENT

SURE = {"gross_minor", "to_pay_minor", "points_earned", "points_spent"}


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        yield shop


def decided(api: Api, *rules: dict[str, Any], **settings: Any) -> None:
    """From now on, and for whatever happened before, these rules decide."""
    told = {"name": "Amounts", "currency": "EUR", "unknown_cards": "any", "rules": list(rules)}
    api.publish(told | settings)


def soup(api: Api, minor: int, **other: Any) -> dict[str, Any]:
    line = {"sku": "SOUP", "quantity": 1, "unit_minor": minor}
    return api.basket(lines=[line], total_minor=minor, **other)


def sold(api: Api, basket: dict[str, Any]) -> dict[str, Any]:
    said = api.post("/v1/receipts", basket)
    assert said.status_code == 201, said.text
    return said.json()


def back(basket: dict[str, Any], **other: Any) -> dict[str, Any]:
    key = {name: basket[name] for name in ("store", "till", "number")}
    return {
        "sale": key | {"business_date": day_of(basket), "shift": ""}, "store": "S1", "till": "1",
        "number": f"b-{basket['number']}", "happened_at": basket["happened_at"],
    } | other  # fmt: skip


def test_amounts_that_are_0_are_said(api):
    decided(api, TWO_PERCENT, PAY)
    sold(api, soup(api, 100_000))
    whole = soup(api, 500, spend={"points": 500})
    said = api.post("/v1/quotes", {"basket": whole}).json()
    assert [said[name] for name in sorted(SURE)] == [500, 0, 500, 0]
    said = sold(api, whole)
    assert [said[name] for name in sorted(SURE)] == [500, 0, 500, 0]
    said = api.post("/v1/returns", back(whole)).json()
    assert [said[name] for name in sorted(SURE)] == [0, 0, -500, 0]
    assert said["refund_minor"] == 0
    early = api.post("/v1/returns", back(soup(api, 500))).json()
    assert early.keys() == {"id", "kind", "number"}, "it has no amounts yet"


def test_the_reference_says_that_they_are_there(api):
    document = api.client.get("/openapi.json").json()
    for path, status in (("/v1/quotes", "200"), ("/v1/receipts", "201"), ("/v1/returns", "201")):
        said = document["paths"][path]["post"]["responses"][status]
        (ref,) = said["content"]["application/json"]["schema"].values()
        asked = set(document["components"]["schemas"][ref.rpartition("/")[2]]["required"])
        assert asked >= SURE | ({"refund_minor"} if path == "/v1/returns" else set())


def test_a_return_of_no_lines_is_refused_and_one_that_leaves_them_out_is_whole(api):
    basket = api.basket()
    sold(api, basket)
    said = api.post("/v1/returns", back(basket, lines=[])).json()
    assert (said["code"], said["field"]) == ("lines_empty", "lines")
    assert said["cure"].endswith("leave `lines` out for all that is left")
    line = b'{"return": %s}\n' % api.client.build_request(
        "POST", "/", json=back(basket, lines=[])
    ).content  # fmt: skip
    many = api.post("/v1/receipts/bulk", line, headers={"Content-Type": "application/x-ndjson"})
    assert many.json()["body"]["code"] == "lines_empty"
    assert api.post("/v1/returns", back(basket)).json()["refund_minor"] == 1150


def test_a_limit_that_left_nothing_is_told_but_not_what_is_given_once(api):
    once = {"id": "hello", "mechanic": "base_rate", "points": 1, "per_minor": 100,
            "caps": [{"per": "ever", "times": 1}]}  # fmt: skip
    decided(api, once, TWO_PERCENT, point_caps=[{"per": "day", "most": 50}])
    card = api.cards[4]
    assert sold(api, soup(api, 10_000, card=card))["points_earned"] == 50
    said = sold(api, soup(api, 5_000, card=card))
    assert said["points_earned"] == 0
    assert [(each["rule"], each["code"], each["why"]) for each in said["silent"]] == [
        ("base", "cap_reached", "all rules together have reached the day's limit")
    ]


def test_points_that_had_expired_before_the_receipt_came_are_told(api):
    decided(api, TWO_PERCENT, expiry={"days": 30})
    long_ago = (datetime.now(UTC) - timedelta(days=4000)).isoformat()
    said = sold(api, soup(api, 1000, card=api.cards[5], happened_at=long_ago))
    gone = "20 points have expired already: this receipt is too old"
    assert (said["points_earned"], said["balance"]["balance"]) == (20, 0)
    assert (said["screen"][0], said["slip"][0]) == (gone, gone)
    said = sold(api, soup(api, 1000, card=api.cards[5]))
    assert gone not in said["screen"]


def test_a_clock_that_has_lost_its_time_is_refused_in_words(api):
    ahead = (datetime.now(UTC) + timedelta(hours=24, minutes=30)).isoformat()
    said = api.post("/v1/receipts", soup(api, 100, happened_at=ahead)).json()
    assert (said["code"], said["why"]) == (
        "time_impossible", "25 hours ahead of the server, at most 24"
    )  # fmt: skip
    lost = soup(api, 100, happened_at="1999-12-31T23:00:00+00:00")
    said = api.post("/v1/receipts", lost).json()
    assert said["why"].startswith("the year 1999 cannot be, today is ")
    assert said["cure"] == "set the till's clock and send the time of the purchase"
    for kept in ({"offline": True}, {"entry_mode": "import"}):
        sold(api, soup(api, 100, happened_at="1999-12-31T23:00:00+00:00") | kept)
