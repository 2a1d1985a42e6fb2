"""Budgets over HTTP: what is drawn, what is left, what ran out, and who is told."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.shop import fresh_card

BASE = {
    "id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100,
    "campaign": "spring", "funding": "marketing",
}  # fmt: skip
PROGRAM = {
    "name": "Budgets", "currency": "EUR", "unknown_cards": "any", "rules": [BASE],
    "point_minor_x100": 100,
    "budgets": {
        "spring": {"name": "Spring", "campaigns": ["spring"], "per": "ever", "most_minor": 250},
        "each": {"by": "store", "per": "year", "most_points": 10_000},
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as made:
        made.publish(PROGRAM)
        yield made


def buy(api: Api, minor: int, days_ago: int, **more: Any) -> dict[str, Any]:
    """A purchase so many days ago."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    goods = [{"sku": "SOUP", "quantity": 1, "unit_minor": minor}]
    basket = api.basket(
        card=fresh_card(), lines=goods, total_minor=minor, happened_at=at.isoformat(), **more
    )
    said = api.post("/v1/receipts", basket)
    assert said.status_code == 201, said.text
    answer: dict[str, Any] = said.json()
    return answer


def read(api: Api, path: str) -> dict[str, Any]:
    said = api.call("GET", path)
    assert said.status_code == 200, said.text
    answer: dict[str, Any] = said.json()
    return answer


def test_a_budget_burns_down_runs_out_and_says_so(api):
    for days_ago in (5, 4, 3, 2, 1):
        buy(api, 300, days_ago)
    listed = {each["code"]: each for each in read(api, "/v1/budgets")["items"]}
    assert (listed["spring"]["cost_x100"], listed["spring"]["share_x100"]) == (15_000, 6_000)
    assert listed["each"]["points"] == 150 and listed["each"]["share_x100"] is None
    one = read(api, "/v1/budgets/spring")
    assert (one["left"], one["measure"], one["paid"]) == (
        10_000,
        "cost_x100",
        {"marketing": 15_000},
    )
    assert len(one["days"]) == 5
    soon = read(api, "/v1/today")["today"]
    assert one["forecast"]["on"] == str(datetime.fromisoformat(soon).date() + timedelta(days=3))
    assert read(api, "/v1/budgets/each")["scopes"][0]["scope"] == "S1"

    answer = buy(api, 2000, 0)
    assert answer["points_earned"] == 100
    assert answer["effects"][0]["trimmed"] == "the budget Spring is used up"
    assert buy(api, 2000, 0)["silent"][0]["code"] == "budget_used_up"
    told = read(api, "/v1/budgets/spring")["state"]
    assert told["used_up"] == 1 and told["used_up_at"] is not None
    waiting = {each["kind"]: each["count"] for each in read(api, "/v1/today")["waiting"]}
    assert waiting["budgets"] == 1


def test_what_ran_out_is_written_down_once(api):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = [i for i in read(api, "/v1/incidents")["items"] if i["kind"] == "budget_used_up"]
        if found:
            break
        time.sleep(0.2)
    assert [(each["detail"], each["times"]) for each in found] == [
        ("the budget spring is used up", 1)
    ]


def test_another_day_and_another_budget(api):
    assert read(api, "/v1/budgets/each?on=2020-05-05")["state"]["points"] == 0
    assert api.call("GET", "/v1/budgets/each?on=soon").status_code == 400
    assert api.call("GET", "/v1/budgets/nobody-s").json()["code"] == "budget_unknown"


def test_a_quote_without_a_hold_knows_what_is_left(api):
    said = api.post("/v1/quotes", {"basket": api.basket(card=fresh_card())})
    assert said.status_code == 200, said.text
    assert [each["code"] for each in said.json()["silent"]] == ["budget_used_up"]
