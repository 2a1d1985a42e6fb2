"""What claims draw on budgets: never more than a ceiling, given back with the claim."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support import api as shops
from support.api import Api, refused
from support.claims import (
    PROGRAM,
    differences,
    later,
    member,
    place,
    pool,
    reveal,
    reward,
    take,
    taken,
)

BUDGETS: dict[str, Any] = {
    "all": {"name": "All rewards", "claims": True, "per": "ever", "most_minor": 100_000},
    "mugs": {"rewards": ["mug"], "per": "ever", "most_minor": 700},
    "mine": {"rewards": ["pen"], "per": "ever", "by": "member", "most_pieces": 1},
    "rules": {"per": "ever", "most_points": 1_000_000},
}


@pytest.fixture(scope="module")
def shop(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as api:
        said = api.call("POST", "/v1/program", PROGRAM | {
            "budgets": BUDGETS, "partners": {"acme": {"name": "Acme"}},
        })  # fmt: skip
        assert said.status_code == 201, said.text
        for code in ("mug", "pen"):
            terms = {"kind": "goods", "names": {"en": code}, "points": 10, "cost_minor": 250,
                     "days": 30, "funding": "supplier", "partner": "acme"}  # fmt: skip
            assert api.call("POST", "/v1/rewards", {"code": code, "terms": terms}).is_success
            place(api, code, "offered")
        yield api


@pytest.fixture
def api(shop) -> Iterator[Api]:
    """The shop; after each test everything is proved."""
    yield shop
    assert differences(shop.dsn) == []


def drawn(api: Api, budget: str) -> tuple[int, int]:
    """(cost in hundredths, pieces) of all counters of a budget; the days say the same."""
    state = api.call("GET", f"/v1/budgets/{budget}").json()
    said = state["state"]["cost_x100"], state["state"]["pieces"]
    assert said == (
        sum(day["cost_x100"] for day in state["days"]), sum(day["pieces"] for day in state["days"])
    )  # fmt: skip
    return said


def cancel(api: Api, claim: dict[str, Any]) -> dict[str, Any]:
    said = api.call("POST", f"/v1/claims/{claim['claim_id']}/cancel", {"reason": "x"})
    assert said.is_success, said.text
    return said.json()


def offered(api: Api, who: dict[str, str]) -> dict[str, Any]:
    items = api.call("GET", "/v1/me/rewards", token=who["token"]).json()["items"]
    return {each["reward"]: each for each in items}


def test_claims_stop_at_the_ceiling_and_come_back(api):
    anna = member(api)
    before = drawn(api, "all")
    first, second = taken(api, anna, "mug"), taken(api, anna, "mug")
    assert drawn(api, "mugs") == (50_000, 2), "the third would cost 7.50"
    assert refused(api, lambda: take(api, anna, "mug"))["code"] == "reward_spent"
    assert offered(api, anna)["mug"]["gone"]
    told = api.call("GET", "/v1/budgets/mugs").json()
    assert (told["paid"], told["left"]) == ({"supplier": 50_000}, 20_000)
    assert drawn(api, "all") == (before[0] + 50_000, before[1] + 2)
    cancel(api, first)
    assert drawn(api, "mugs") == (25_000, 1)
    assert "gone" not in offered(api, anna)["mug"]
    third = taken(api, anna, "mug")
    cancel(api, second)
    cancel(api, third)
    assert drawn(api, "mugs") == (0, 0) and drawn(api, "all") == before
    assert drawn(api, "rules") == (0, 0), "a budget of rules is of rules"


def test_one_of_a_member_s_own(api):
    anna, berta = member(api), member(api)
    claim = taken(api, anna, "pen")
    assert refused(api, lambda: take(api, anna, "pen"))["code"] == "reward_spent"
    taken(api, berta, "pen")
    cancel(api, claim)
    taken(api, anna, "pen")


def test_what_is_not_fetched_comes_back_what_was_seen_does_not(api):
    anna, before = member(api), drawn(api, "all")
    assert later(api, taken(api, anna, "mug"), days=31) == "expired"
    assert drawn(api, "all") == before and drawn(api, "mugs") == (0, 0)
    ticket = reward(api, kind="code", pool=pool(api, ["K-1", "K-2"]))
    seen, unseen = taken(api, anna, ticket), taken(api, anna, ticket)
    assert reveal(api, anna, seen).is_success
    assert cancel(api, seen)["receivable_minor"] == 250
    assert drawn(api, "all") == (before[0] + 50_000, before[1] + 2), "the code is gone"
    cancel(api, unseen)
    assert drawn(api, "all") == (before[0] + 25_000, before[1] + 1)


def test_a_draw_that_is_no_claim_s_cost_is_named(api):
    taken(api, member(api), reward(api))
    one = "WHERE back_at IS NULL AND budget = 'all' AND cost_x100"
    api.eye.execute(f"UPDATE budgets.drawn SET cost_x100 = cost_x100 + 1 {one} > 0")  # noqa: S608
    try:
        found = " | ".join(differences(api.dsn))
    finally:
        api.eye.execute(f"UPDATE budgets.drawn SET cost_x100 = cost_x100 - 1 {one} > 0")  # noqa: S608
    assert "was drawn on for" in found and "its counter says" in found
