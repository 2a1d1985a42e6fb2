"""Budgets that change while they are drawn on: what the pages say is what the till does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.shop import fresh_card

BASE = {"id": "base", "mechanic": "base_rate", "points": 10, "per_minor": 100}
MUG = {"id": "mug", "mechanic": "sum_threshold", "from_minor": 100, "prize": {"gift": "MUG"}}


@pytest.fixture
def api(server, template):
    with shops.fresh(server, template) as made:
        yield made


def publish(api: Api, *rules: dict[str, Any], **budgets: dict[str, Any]) -> None:
    """From now on; a receipt is settled by it as soon as the house has read it, within seconds."""
    api.publish({
        "name": "Budgets", "currency": "EUR", "unknown_cards": "any", "costs": {"MUG": 250},
        "rules": list(rules) or [BASE], "budgets": budgets,
    })  # fmt: skip


def bought(api: Api, minor: int) -> dict[str, Any]:
    goods = [{"sku": "SOUP", "quantity": 1, "unit_minor": minor}]
    said = api.post(
        "/v1/receipts", api.basket(card=fresh_card(), lines=goods, total_minor=minor)
    )  # fmt: skip
    assert said.status_code == 201, said.text
    answer: dict[str, Any] = said.json()
    return answer


def points(api: Api, minor: int) -> int:
    return int(bought(api, minor).get("points_earned", 0))


def read(api: Api, path: str) -> dict[str, Any]:
    said = api.call("GET", path)
    assert said.status_code == 200, said.text
    answer: dict[str, Any] = said.json()
    return answer


def state(api: Api, code: str = "summer") -> dict[str, Any]:
    found: dict[str, Any] = read(api, f"/v1/budgets/{code}")["state"]
    return found


def waiting(api: Api) -> int:
    found = {each["kind"]: each["count"] for each in read(api, "/v1/today")["waiting"]}
    return int(found["budgets"])


def ran_out(api: Api) -> list[dict[str, Any]]:
    found = read(api, "/v1/incidents")["items"]
    return [each for each in found if each["kind"] == "budget_used_up"]


def times(api: Api) -> int:
    """How often something ran out, as the register says."""
    return sum(each["times"] for each in ran_out(api))


def soon(what: Callable[[], bool]) -> None:
    """The house has done it within seconds."""
    until = time.monotonic() + 20
    while not what():
        assert time.monotonic() < until, "it was not done"
        time.sleep(0.1)


def test_a_ceiling_that_is_raised_gives_room_and_what_runs_out_again_is_told(api):
    publish(api, summer={"most_points": 250})
    assert points(api, 10_000) == 250
    soon(lambda: times(api) == 1)
    publish(api, summer={"most_points": 100_000})
    soon(lambda: state(api)["used_up"] == 0)
    assert (state(api)["used_up_at"], state(api)["share_x100"], waiting(api)) == (None, 25, 0)
    assert points(api, 1000) == 100
    publish(api, summer={"most_points": 500})
    soon(lambda: state(api)["share_x100"] == 7_000)
    assert state(api)["used_up"] == 0
    assert points(api, 10_000) == 150
    assert (state(api)["used_up"], waiting(api)) == (1, 1)
    soon(lambda: times(api) == 2)


def test_a_ceiling_below_what_was_given_is_used_up_at_once(api):
    publish(api, summer={"most_points": 500})
    assert points(api, 2000) == 200
    publish(api, summer={"most_points": 100})
    soon(lambda: waiting(api) == 1)
    soon(lambda: times(api) == 1)
    assert state(api)["used_up_at"] is not None


def test_another_program_over_the_same_ceilings_tells_nothing_anew(api):
    publish(api, summer={"most_points": 250})
    assert points(api, 10_000) == 250
    soon(lambda: times(api) == 1)
    since = state(api)["used_up_at"]
    publish(api, BASE, BASE | {"id": "more"}, summer={"most_points": 250}, other={"most_points": 9})
    time.sleep(4.5)  # two turns of the sweeper
    assert points(api, 1000) == 0
    assert (state(api)["used_up_at"], times(api)) == (since, 1)


def test_each_budget_that_ran_out_is_named_in_the_register(api):
    publish(api, **{code: {"most_points": 100} for code in ("spring", "summer", "autumn")})
    assert points(api, 10_000) == 100
    soon(lambda: times(api) == 3)
    told = " ".join(each["detail"] for each in ran_out(api))
    assert all(f"the budget {code} is used up" in told for code in ("spring", "summer", "autumn"))


def test_of_several_ceilings_the_tightest_is_told_and_each_is_listed(api):
    publish(api, summer={"most_minor": 1_000_000, "most_points": 500})
    assert points(api, 10_000) == 500
    one = read(api, "/v1/budgets/summer")
    assert (one["measure"], one["left"], one["state"]["share_x100"]) == ("points", 0, 10_000)
    assert [(each["ceiling"], each["left"], each["share_x100"]) for each in one["ceilings"]] == [
        ("most_points", 0, 10_000), ("most_minor", 99_950_000, 5)
    ]  # fmt: skip


def test_whose_it_is_changed_and_changed_back_counts_what_the_till_counts(api):
    def shared(by: str) -> None:
        publish(api, MUG, mugs={"items": ["MUG"], "per": "ever", "most_pieces": 5, "by": by})

    shared("all")
    for _ in range(3):
        assert bought(api, 1000)["effects"]
    shared("store")
    for _ in range(3):
        assert bought(api, 1000)["effects"]
    shared("all")
    told = state(api, "mugs")
    assert (told["pieces"], told["share_x100"], told["scopes"], told["used_up"]) == (3, 6_000, 1, 0)
    assert bought(api, 1000)["effects"], "the till gives"
    shared("member")
    assert state(api, "mugs")["scopes"] == 0, "nobody has drawn on one of their own"


def test_a_code_that_is_taken_out_and_added_again_goes_on_where_it_stood(api):
    publish(api, summer={"most_points": 100})
    assert points(api, 10_000) == 100
    publish(api)
    assert points(api, 1000) == 100
    publish(api, summer={"most_points": 150})
    assert points(api, 10_000) == 50
