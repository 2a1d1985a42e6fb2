"""Boards over HTTP: one's own place, nicknames, closing, prizes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.home import wait
from support.things import new_member, signed_in

TODAY = datetime.now(UTC).date()
DAYS = {"starts": (TODAY - timedelta(days=40)).isoformat(), "counts": "minor"}
OVER = (TODAY - timedelta(days=2)).isoformat()
PROGRAM: dict[str, Any] = {
    "name": "Boards", "currency": "EUR",
    "boards": {
        "now": DAYS | {"name": "This month", "ends": "2098-01-01", "prizes": [{"points": 50}]},
        "past": DAYS | {"ends": OVER, "wait_days": 60,
                        "prizes": [{"points": 900}, {"points": 100}]},
        "later": DAYS | {"starts": "2098-01-01", "ends": "2098-02-01"},
    },
    "rules": [{"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100}],
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


def code(said: Any) -> tuple[int, str]:
    return said.status_code, said.json()["code"]


def buy(api: Api, me: dict[str, str], minor: int, days_ago: int = 0) -> None:
    lines = [{"sku": "SOUP", "quantity": 1, "unit_minor": minor}]
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
    sale = api.basket(card=me["card"], lines=lines, total_minor=minor, happened_at=at)
    said = api.call("POST", "/v1/receipts", sale)
    assert said.status_code == 201, said.text


def points(api: Api, token: str) -> int:
    said = api.call("GET", "/v1/me/points", token=token).json()
    return int(said["wallets"][0]["balance"]["balance"]) if said["wallets"] else 0


def mine(api: Api, token: str) -> dict[str, Any]:
    """{code: board} as a member sees it, with the nickname under ""."""
    said = api.call("GET", "/v1/me/boards", token=token).json()
    return {"": said["nickname"]} | {each["board"]["board"]: each for each in said["items"]}


def test_members_see_their_place_and_only_nicknames_of_others(api):
    one, two = new_member(api), new_member(api)
    a, b = (signed_in(api, each["member_id"]) for each in (one, two))
    for me, minor in ((one, 5000), (two, 3000)):
        buy(api, me, minor, days_ago=5)
    before = points(api, a)
    api.publish(PROGRAM)
    wait(lambda: {"now", "past"} <= set(mine(api, b)))
    told = mine(api, b)
    assert "later" not in told and told[""] == ""
    board = told["now"]
    assert board["mine"] == {"place": 2, "amount": 3000, "sharing": 1, "above": 5000}
    assert board["board"]["members"] == 2 and board["board"]["as_of"] is not None
    assert [(each["place"], each["nickname"], each["mine"]) for each in board["top"]] == [
        (1, "", False), (2, "", True),
    ]  # fmt: skip
    assert one["member_id"] not in str(told)
    said = api.call("POST", "/v1/me/nickname", {"nickname": "  Zora  the Fox "}, token=a)
    assert said.json()["nickname"] == "Zora the Fox"
    assert mine(api, b)["now"]["top"][0]["nickname"] == "Zora the Fox"
    bad = api.call("POST", "/v1/me/nickname", {"nickname": "a@b"}, token=a)
    assert code(bad) == (400, "body_invalid"), "no addresses"
    api.call("POST", "/v1/me/nickname", {"nickname": ""}, token=a)
    assert mine(api, b)["now"]["top"][0]["nickname"] == ""

    assert code(api.call("POST", "/v1/boards/now/close")) == (409, "board_open")
    done = api.call("POST", "/v1/boards/past/close")
    assert done.json() == {"board": "past", "winners": 2, "points": 1000}
    assert code(api.call("POST", "/v1/boards/past/close")) == (409, "board_closed")
    wait(lambda: points(api, a) == before + 900)
    assert mine(api, a)["past"]["won"]["points"] == 900
    past = api.call("GET", f"/v1/members/{one['member_id']}/timeline").json()["items"]
    assert "prize" in [each["kind"] for each in past]
    read = api.call("GET", "/v1/boards/past").json()
    assert [(each["member_id"], each["points"], each["sharing"]) for each in read["winners"]] == [
        (one["member_id"], 900, 1), (two["member_id"], 100, 1),
    ]  # fmt: skip
    listed = api.call("GET", "/v1/boards").json()["items"]
    assert [(each["board"], each["state"]) for each in listed] == [
        ("later", "to_come"), ("now", "open"), ("past", "closed"),
    ]  # fmt: skip
    assert code(api.call("GET", "/v1/boards/none")) == (404, "board_unknown")
    reason = {"reason": "asked for by letter"}
    made = api.call("POST", f"/v1/members/{one['member_id']}/export", reason)
    assert made.json()["held"]["person"][0]["nickname"] == ""


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"ends": "2020-01-01"}, "boards.b.ends"),
        ({"counts": "event", "of": "dance"}, "boards.b.of"),
        ({"counts": "points", "of": "miles"}, "boards.b.of"),
        ({"prizes": [{"points": 1}, {"points": 2}]}, "boards.b.prizes[1].points"),
    ],
)
def test_what_does_not_fit_is_told(api, wrong, field):
    board = {"starts": "2026-01-01", "ends": "2026-12-31"} | wrong
    said = api.call("POST", "/v1/program/check", PROGRAM | {"boards": {"b": board}})
    assert field in [each["field"] for each in said.json()["faults"]], said.text
