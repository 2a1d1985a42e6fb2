"""Lists by cursor: each item once, while others are added."""

from __future__ import annotations

import os
from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.things import signed_in
from tessera.access.core import POLICY
from tessera.doors.till import OPERATIONS


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


def walk(api: Api, path: str, limit: int, between: Any) -> list[Any]:
    """All items, following `next`, while `between` adds rows."""
    items: list[Any] = []
    cursor = ""
    while True:
        said = api.call("GET", f"{path}?limit={limit}{cursor}")
        assert said.status_code == 200, said.text
        page = said.json()
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        cursor = f"&cursor={page['next']}"
        if len(items) < 5 * limit:
            between()


def test_pages_hold_each_item_once_while_rows_are_added(api):
    def register() -> None:
        who = [{"kind": "external", "value": os.urandom(8).hex()}]
        assert api.call("POST", "/v1/members", {"identifiers": who}).status_code == 201

    def issue() -> None:
        api.issue("owner")

    def order() -> None:
        body = {"prefix": "27", "count": 1}
        assert api.call("POST", "/v1/card-batches", body).status_code == 201

    for path, field, add in (
        ("/v1/members", "member_id", register),
        ("/v1/keys", "key_id", issue),
        ("/v1/card-batches", "batch_id", order),
    ):
        for _ in range(7):
            add()
        before = {item[field] for item in api.call("GET", f"{path}?limit=200").json()["items"]}
        seen = [item[field] for item in walk(api, path, 2, add)]
        assert len(seen) == len(set(seen)), path
        assert before <= set(seen), path


def test_a_history_holds_each_receipt_once_while_more_are_posted(api):
    card = api.cards[20]

    def buy(**other: Any) -> str:
        said = api.post("/v1/receipts", api.basket(card=card, **other))
        assert said.status_code == 201
        return said.json()["id"]

    same = "2026-11-20T10:00:00+00:00"  # a cursor must tell receipts of one moment apart
    ids = {buy(happened_at=same) for _ in range(4)} | {buy() for _ in range(3)}
    account = api.post("/v1/identify", {"card": card}).json()["account_id"]
    seen = [item["id"] for item in walk(api, f"/v1/accounts/{account}/receipts", 2, buy)]
    assert len(seen) == len(set(seen))
    assert ids <= set(seen)


def test_no_list_takes_a_cursor_that_it_never_gave_out(api):
    assert api.post("/v1/receipts", api.basket(card=api.cards[21])).status_code == 201
    account = api.post("/v1/identify", {"card": api.cards[21]}).json()["account_id"]
    batch = api.call("GET", "/v1/card-batches").json()["items"][0]["batch_id"]
    member = api.call("GET", "/v1/members").json()["items"][0]["member_id"]
    mine = signed_in(api, member)
    program = api.call("GET", "/v1/program").json()["program"]
    draws = {"WINTER": {"prizes": [{"item": "TRIP"}], "ends": "2098-12-31"}}
    tiers = {"status": {"levels": [{"code": "basic"}, {"code": "gold", "reach": 100}]}}
    partners = {"p": {"name": "P", "stores": ["S2"]}}
    api.publish(program | {"draws": draws, "partners": partners, "tiers": tiers})
    of = {"account_id": account, "batch_id": batch, "member_id": member, "draw": "WINTER",
          "partner": "p", "ladder": "status"}  # fmt: skip
    lists = [each for each in OPERATIONS if "cursor" in (each.query or {})]
    assert len(lists) >= 7
    for each in lists:
        path = each.path.format_map(of)
        token = mine if "member" in POLICY[each.name] else None
        assert api.call("GET", path, token=token).status_code == 200, each.name
        for word in ("", "x", "W10", "WyIiXQ", "WyIiLCIiXQ"):
            said = api.call("GET", f"{path}?cursor={word}", token=token)
            told = (each.name, word, said.status_code, said.json().get("code"))
            assert told[2:] == (400, "cursor_unknown"), told
