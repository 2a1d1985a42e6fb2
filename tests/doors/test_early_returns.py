"""A return before its sale: whoever sent it can ask what became of it, and the office is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from support import api as shops
from support.api import Api, day_of
from support.database import run
from support.shop import fresh_card, goods_back, identity, line, opened, program, sale
from tessera.doors.early import Early

T = TypeVar("T")


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        yield shop


def early(api: Api, basket: dict[str, Any], line: int, quantity: int) -> tuple[dict[str, Any], str]:
    """A return of units of a receipt that is not here yet, and the id that is answered."""
    key = {name: basket[name] for name in ("store", "till", "number")}
    body = {
        "sale": key | {"business_date": day_of(basket), "shift": ""}, "store": "S1", "till": "1",
        "number": f"b-{basket['number']}", "happened_at": basket["happened_at"],
        "lines": [{"line": line, "quantity": quantity}],
    }  # fmt: skip
    said = api.post("/v1/returns", body)
    assert (said.status_code, said.json()["kind"]) == (202, "parked")
    return body, said.json()["id"]


def asked(api: Api, outcome: str, token: str | None = None) -> dict[str, Any]:
    return api.call("GET", f"/v1/receipts/{outcome}", token=token or api.till).json()


def until(look: Callable[[], T], true: Callable[[T], bool]) -> T:
    """What is seen once it is so; the house takes a moment."""
    ends = time.monotonic() + 20
    while not true(found := look()) and time.monotonic() < ends:
        time.sleep(0.05)
    return found


def test_the_answered_id_says_that_it_waits_and_then_what_was_settled(api):
    basket = api.basket()
    body, outcome = early(api, basket, 2, 1)
    waits = asked(api, outcome)
    assert (waits["kind"], waits["number"], waits["sale"]) == (
        "parked", body["number"], body["sale"]
    )  # fmt: skip
    assert (waits["settled_at"], waits["code"]) == (None, "")
    assert api.call("GET", f"/v1/receipts/{outcome}", token=api.other).status_code == 404
    assert api.post("/v1/receipts", basket).status_code == 201
    done = until(lambda: asked(api, outcome), lambda told: told["kind"] != "parked")
    assert (done["kind"], done["sale"], done["gross_minor"]) == ("return", basket["number"], -400)


@pytest.mark.parametrize(
    ("line", "quantity", "code"), [(2, 9, "return_above_sale"), (7, 1, "line_unknown")]
)
def test_one_that_cannot_be_says_why_and_is_in_the_register(api, line, quantity, code):
    basket = api.basket()
    body, outcome = early(api, basket, line, quantity)
    assert api.post("/v1/receipts", basket).status_code == 201
    told = until(lambda: asked(api, outcome), lambda told: told["kind"] != "parked")
    assert (told["kind"], told["code"], told["number"]) == ("refused", code, body["number"])
    assert told["why"] and told["settled_at"]
    assert asked(api, outcome, api.admin)["code"] == code
    assert asked(api, f"{outcome}?explain=all", api.admin)["code"] == code

    def told_of() -> list[dict[str, Any]]:
        found = api.call("GET", "/v1/incidents").json()["items"]
        return [i for i in found if i["kind"] == "return_refused" and outcome in i["detail"]]

    (incident,) = until(told_of, bool)
    assert f"return {body['number']} of till 1 in S1" in incident["detail"]
    assert (incident["times"], incident["ended_at"] is not None) == (1, True)


def test_one_that_waits_for_over_a_day_is_an_incident_until_none_does(dsn):
    async def story() -> None:
        async with opened(dsn, program()) as shop:
            look = Early(shop.house.upkeep, shop.house.incidents, shop.house.writer.wake).look
            bought = sale(fresh_card(), line("SOUP", 2, 500), number="A17")
            assert (await shop.send(goods_back(bought, (1, 1)))).status == 202
            await look()
            assert "return_waits" not in shop.house.incidents.now
            await shop.eye.execute(
                "UPDATE checkout.parked SET posted_at = posted_at - interval '25 hours'"
            )
            await shop.eye.commit()
            await look()
            said = shop.house.incidents.now["return_waits"]
            day = identity(bought).business_date
            assert said.startswith("1 for over a day: ")
            assert said.endswith(f"for receipt A17 of till 1 in S1 on {day}")
            assert (await shop.send(bought)).status == 201
            await shop.woken()
            await look()
            assert "return_waits" not in shop.house.incidents.now

    run(story())
