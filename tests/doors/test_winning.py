"""What members are told of draws, with odds, and whom staff hand a prize to."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.browser import staff_session
from support.entering import Person
from support.home import PROGRAM
from support.shown import visit
from support.things import new_member, signed_in

TODAY = datetime.now(UTC).date()
EVERY = [{"per": "day", "times": 100}]
RULES = [
    {"id": "tickets", "mechanic": "every_x_tickets", "draw": "CAR26", "per_minor": 100},
    {"id": "spin", "mechanic": "instant_win", "draw": "R7BW", "caps": EVERY},
    {"id": "secret", "mechanic": "instant_win", "draw": "DARK", "hidden": True},
    {"id": "old", "mechanic": "every_x_tickets", "draw": "OLD", "per_minor": 100},
]
CAR, HAM = {"item": "CAR", "name": "A red car"}, {"item": "HAM", "name": "Parma ham"}
DRAWS: dict[str, Any] = {
    "CAR26": {"name": "The big draw", "ends": str(TODAY + timedelta(days=9)),
              "prizes": [CAR, {"item": "BIKE", "count": 3, "one_in": 7, "name": "Unseen bike"}]},
    "R7BW": {"name": "Ham days", "prizes": [
        HAM | {"count": 2, "one_in": 2}, {"item": "CUP", "count": 5, "one_in": 10**9}]},
    "DARK": {"name": "Dark", "prizes": [{"item": "X", "one_in": 10}]},
    "OLD": {"name": "Old", "prizes": [CAR], "ends": str(TODAY - timedelta(days=2))},
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM | {"rules": RULES, "draws": DRAWS})
        yield shop


@pytest.fixture(scope="module")
def me(api) -> dict[str, str]:
    who = new_member(api)
    return who | {"token": signed_in(api, who["member_id"])}


def buy(api: Api, me: dict[str, str]) -> None:
    said = api.post("/v1/receipts", api.basket(card=me["card"]))
    assert said.status_code == 201, said.text


def read(api: Api, path: str, token: str | None = None) -> Any:
    said = api.call("GET", path, token=token) if token else api.call("GET", path)
    assert said.status_code == 200, said.text
    return said.json()


def offers(api: Api, me: dict[str, str]) -> dict[str, Any]:
    return {each["rule"]: each for each in read(api, "/v1/me/rules", me["token"])["items"]}


def bare(page: Any) -> str:
    assert page.status_code == 200, page.text
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_members_are_told_prizes_odds_and_what_is_left(api, me):
    told = {each["draw"]: each for each in read(api, "/v1/me/draws", me["token"])["items"]}
    assert told["R7BW"] == {
        "draw": "R7BW", "name": "Ham days", "state": "open", "starts": None, "ends": None,
        "prizes": [
            {"item": "HAM", "name": "Parma ham", "one_in": 2, "left": 2},
            {"item": "CUP", "name": "CUP", "one_in": 10**9, "left": 5},
        ],
    }  # fmt: skip
    assert [each["name"] for each in told["CAR26"]["prizes"]] == ["A red car"], "no rule spins it"
    assert "DARK" not in told, "only a hidden rule gives it"
    assert told["OLD"]["state"] == "due"
    rules = offers(api, me)
    assert rules["spin"]["gives"] == "A chance to win at once: Ham days."
    assert [each["one_in"] for each in rules["spin"]["prizes"]] == [2, 10**9]
    assert "The big draw" in rules["tickets"]["gives"] and "CAR26" not in rules["tickets"]["gives"]
    assert "old" not in rules, "its last day is over"


def test_the_cabinet_shows_them(api, me):
    for path in ("/m/luck", "/m/offers"):
        page = bare(visit(api, path, "m", me["token"]))
        assert "Parma ham won at once by 1 of 2 purchases · 2 left" in page, path
        assert "A red car drawn among the tickets · 1 to be won" in page, path
        assert "Ham days" in page and "R7BW" not in page and "Dark" not in page, path


def test_staff_see_to_whom_a_ham_is_handed_over(api, me):
    for _ in range(60):
        buy(api, me)
        if offers(api, me)["spin"]["prizes"][0]["left"] == 0:
            break
    wins = read(api, "/v1/draws/R7BW")["wins"]
    assert [(win["name"], win["member_id"]) for win in wins] == [("Parma ham", me["member_id"])] * 2
    owner = staff_session(api, Person(api, "owner").enrol().id)
    page = visit(api, "/console/draws/R7BW", "console", owner).text
    assert f'href="/console/members/{me["member_id"]}"' in page
    assert page.count("Parma ham") >= 3, "among the prizes, and twice won"
    assert "spin" in offers(api, me), "cups are left"
    few = DRAWS | {"R7BW": {"name": "Ham days", "prizes": [HAM | {"count": 2, "one_in": 2}]}}
    api.publish(PROGRAM | {"rules": RULES, "draws": few})
    assert "spin" not in offers(api, me), "nothing is left to be won"
    assert "all won already" in bare(visit(api, "/m/luck", "m", me["token"]))
