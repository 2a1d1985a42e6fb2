"""Draws over HTTP: what staff see and do, and what a member has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from support import api as shops
from support.home import PROGRAM
from support.things import new_member, signed_in

BEFORE = datetime.now(UTC) - timedelta(days=3)
BIKE = {"item": "BIKE", "name": "Bicycle"}
CUP = {"item": "CUP", "name": "Lucky cup", "count": 2, "one_in": 1}
RULES = [
    {"id": "tickets", "mechanic": "every_x_tickets", "draw": "spring", "per_minor": 100},
    {"id": "spin", "mechanic": "instant_win", "draw": "cups"},
    {"id": "hello", "mechanic": "badge", "badge": "HELLO", "title": "First visit"},
]
DRAWS = {
    "spring": {"name": "Spring", "prizes": [BIKE], "ends": str((BEFORE + timedelta(1)).date())},
    "cups": {"name": "Cups", "prizes": [CUP]},
}


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM | {"rules": RULES, "draws": DRAWS})
        yield shop


@pytest.fixture(scope="module")
def bought(api) -> dict[str, Any]:
    """A member who has bought, and the answer."""
    me = new_member(api)
    said = api.post("/v1/receipts", api.basket(card=me["card"], happened_at=BEFORE.isoformat()))
    assert said.status_code == 201, said.text
    return me | {"answer": said.json()}


def read(api, path: str, **how: Any) -> Any:
    said = api.call("GET", path, **how)
    assert said.status_code == 200, said.text
    return said.json()


def test_a_member_sees_tickets_badges_and_what_is_won(api, bought):
    kinds = {e["kind"]: (e["item"], e["given"]) for e in bought["answer"]["effects"]}
    assert kinds["gift"] == ("CUP", 1) and kinds["badge"] == ("HELLO", 1)
    item, tickets = kinds["ticket"]
    mine = read(api, "/v1/me/luck", token=signed_in(api, bought["member_id"]))
    assert item == "spring" and [d["tickets"] for d in mine["draws"]] == [tickets]
    assert mine["draws"][0]["labels"][0]["tickets"] == tickets
    assert mine["draws"][0]["seed"] is None and len(mine["draws"][0]["bound"]) == 64
    assert [(k["kind"], k["name"]) for k in mine["keepsakes"]] == [("badge", "First visit")]
    assert [(w["name"], w["handed"]) for w in mine["wins"]] == [("Lucky cup", False)]
    asked = {"reason": "the member asked", "form": "data"}
    held = api.call("POST", f"/v1/members/{bought['member_id']}/export", asked).json()["held"]
    assert {(k["kind"], k["item"]) for k in held["keepsakes"]} >= {("badge", "HELLO")}
    assert [w["item"] for w in held["wins"]] == ["CUP"]
    nobody = read(api, "/v1/me/luck", token=signed_in(api, new_member(api)["member_id"]))
    assert nobody == {"draws": [], "keepsakes": [], "wins": []}


def test_staff_draw_once_and_hand_over(api, bought):
    found = {each["draw"]: each for each in read(api, "/v1/draws")["items"]}
    assert found["cups"]["state"] == "open" and found["spring"]["state"] == "due"
    assert found["cups"]["prizes"][0] | {"given": 1} == found["cups"]["prizes"][0]
    assert read(api, "/v1/draws/spring/entries")["items"] == [], "shown once it is drawn"
    soon = api.call("POST", "/v1/draws/cups/run")
    assert (soon.status_code, soon.json()["code"]) == (409, "draw_open")
    drawn = api.call("POST", "/v1/draws/spring/run")
    assert drawn.status_code == 201 and drawn.json()["wins"] == 1, drawn.text
    again = api.call("POST", "/v1/draws/spring/run")
    assert (again.status_code, again.json()["code"]) == (409, "draw_over")
    told = read(api, "/v1/draws/spring")
    listed = read(api, "/v1/draws/spring/entries")["items"]
    assert told["draw"]["state"] == "over" and len(told["draw"]["seed"]) == 64
    assert sum(each["tickets"] for each in listed) == told["draw"]["tickets"]
    (win,) = told["wins"]
    assert win["item"] == "BIKE" and win["label"] == listed[0]["label"]
    path = f"/v1/draws/spring/wins/{win['win_id']}/hand-over"
    assert api.call("POST", path).json()["item"] == "BIKE"
    twice = api.call("POST", path)
    assert (twice.status_code, twice.json()["code"]) == (404, "win_unknown")
    wins = read(api, "/v1/me/luck", token=signed_in(api, bought["member_id"]))["wins"]
    assert {w["name"]: w["handed"] for w in wins} == {"Bicycle": True, "Lucky cup": False}
    later = {**DRAWS, "spring": DRAWS["spring"] | {"ends": "2098-01-01"}}
    said = api.call("POST", "/v1/program", PROGRAM | {"rules": RULES, "draws": later})
    assert (said.status_code, said.json()["code"]) == (422, "program_invalid"), "it is drawn"
    said = api.call("POST", "/v1/program/check", PROGRAM | {"rules": RULES, "draws": later})
    assert [each["field"] for each in said.json()["faults"]] == ["draws.spring.ends"]
    unknown = api.call("GET", "/v1/draws/nobodys")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "draw_unknown")


def test_a_draw_that_the_program_has_no_more_is_drawn_on_its_day(api, bought):
    ends = {"old": str((BEFORE + timedelta(1)).date()), "far": "2098-01-01"}
    draws = {code: {"prizes": [BIKE], "ends": day} for code, day in ends.items()}
    rules = [{"id": c, "mechanic": "every_x_tickets", "draw": c, "per_minor": 100} for c in ends]
    api.publish(PROGRAM | {"rules": rules, "draws": draws})
    basket = api.basket(card=bought["card"], happened_at=BEFORE.isoformat())
    assert api.post("/v1/receipts", basket).status_code == 201
    api.publish(PROGRAM | {"rules": [], "draws": {}})
    told = {each["draw"]: each for each in read(api, "/v1/draws")["items"]}
    assert (told["old"]["state"], told["far"]["state"]) == ("due", "not_declared")
    soon = api.call("POST", "/v1/draws/far/run")
    assert (soon.status_code, soon.json()["code"]) == (409, "draw_open")
    assert api.call("POST", "/v1/draws/old/run").json()["wins"] == 1
    assert read(api, "/v1/draws/old")["draw"]["seed"]
    wins = read(api, "/v1/me/luck", token=signed_in(api, bought["member_id"]))["wins"]
    assert {win["name"] for win in wins} == {"Bicycle", "Lucky cup"}, "also of what is drawn"
