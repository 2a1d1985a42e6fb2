"""Tiers over HTTP: where a member stands, levels set by hand, privileges, ladders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from support import api as shops
from support.api import Api, refused
from support.things import new_member, signed_in

PROGRAM: dict[str, Any] = {
    "name": "Levels", "currency": "EUR", "households": {},
    "tiers": {
        "status": {
            "name": "Status", "review": "01-01",
            "levels": [
                {"code": "basic", "benefits": [{"code": "help", "uses": 1}]},
                {"code": "silver", "name": "Silver", "reach": 100, "keep": 80},
                {"code": "gold", "name": "Gold", "reach": 1000,
                 "benefits": [{"code": "lounge", "name": "Lounge", "uses": 2}]},
            ],
        },
    },
    "rules": [
        {"id": "base", "mechanic": "tier_rate", "ladder": "status", "per_minor": 100,
         "rates": [{"level": "basic", "points": 1}, {"level": "silver", "points": 2}]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


@pytest.fixture
def me(api) -> dict[str, str]:
    return new_member(api)


def tier(api: Api, me: dict[str, str]) -> dict[str, Any]:
    said = api.call("GET", f"/v1/members/{me['member_id']}/tiers")
    assert said.status_code == 200, said.text
    (only,) = said.json()["items"]
    return dict(only)


def buy(api: Api, me: dict[str, str], minor: int) -> dict[str, Any]:
    lines = [{"sku": "SOUP", "quantity": 1, "unit_minor": minor}]
    sale = api.basket(card=me["card"], lines=lines, total_minor=minor)
    said = api.call("POST", "/v1/receipts", sale)
    assert said.status_code == 201, said.text
    return dict(said.json())


def put(api: Api, me: dict[str, str], level: str = "gold", **more: Any) -> Any:
    body = {"ladder": "status", "level": level, "until": "2098-01-01", "reason": "gold elsewhere"}
    return api.call("POST", f"/v1/members/{me['member_id']}/tiers", body | more)


def use(api: Api, me: dict[str, str], privilege: str, ladder: str = "status") -> Any:
    body = {"ladder": ladder, "privilege": privilege}
    return api.call("POST", f"/v1/members/{me['member_id']}/privileges", body)


def test_the_way_to_the_next_level_is_told(api, me):
    buy(api, me, 3000)
    told = tier(api, me)
    assert (told["level"], told["amount"], told["until"]) == ("basic", 30, None)
    ends = f"{datetime.now(UTC).year}-12-31"
    assert told["next"] == {
        "level": "silver", "name": "Silver", "reach": 100, "lacking": 70, "by": ends,
    }  # fmt: skip
    assert buy(api, me, 7000)["tiers"][0]["level"] == "silver"
    told = tier(api, me)
    assert (told["level"], told["ahead"], told["keeps"]) == ("silver", "silver", 80)
    assert buy(api, me, 1000)["points_earned"] == 20


def test_a_quote_knows_the_level(api, me):
    buy(api, me, 10_000)
    lines = [{"sku": "SOUP", "quantity": 1, "unit_minor": 1000}]
    basket = api.basket(card=me["card"], lines=lines, total_minor=1000)
    said = api.call("POST", "/v1/quotes", {"basket": basket})
    assert said.json()["points_earned"] == 20


def test_a_level_is_set_for_a_term_and_told(api, me):
    assert put(api, me).status_code == 201
    told = tier(api, me)
    assert (told["level"], told["until"], told["ahead"]) == ("gold", "2098-01-01", "silver")
    path = f"/v1/members/{me['member_id']}/tiers/history"
    (change,) = api.call("GET", path).json()["items"]
    assert (change["before"], change["level"]) == ("basic", "gold")
    assert (change["why"], change["reason"]) == ("matched", "gold elsewhere")
    page = api.call("GET", f"{path}?limit=1").json()
    assert page["next"] is None


def test_what_cannot_be_set_is_refused(api, me):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    for code, more in (
        ("level_unknown", {"level": "lead"}),
        ("ladder_unknown", {"ladder": "other"}),
        ("term_past", {"until": yesterday}),
        ("term_long", {"until": "9999-12-31"}),
    ):
        assert refused(api, partial(put, api, me, **more))["code"] == code


def test_a_privilege_is_used_so_often(api, me):
    assert refused(api, lambda: use(api, me, "lounge"))["code"] == "privilege_not_held"
    assert use(api, me, "help").json()["used"] == 1
    assert refused(api, lambda: use(api, me, "help"))["code"] == "privilege_used_up"
    put(api, me)
    assert [use(api, me, "lounge").json()["used"] for _ in range(2)] == [1, 2]
    assert refused(api, lambda: use(api, me, "lounge"))["code"] == "privilege_used_up"
    assert tier(api, me)["benefits"][0]["used"] == 2


def test_members_see_their_own(api, me):
    buy(api, me, 10_000)
    said = api.call("GET", "/v1/me/tiers", token=signed_in(api, me["member_id"]))
    assert said.status_code == 200, said.text
    assert said.json()["items"][0]["level"] == "silver"


def test_ladders_are_told_with_who_stands_where(api, me):
    before = api.call("GET", "/v1/tiers").json()["items"][0]
    put(api, me)
    after = api.call("GET", "/v1/tiers").json()["items"][0]
    members = [[each["members"] for each in one["members"]] for one in (before, after)]
    assert members[0][0] is None and members[1][2] == members[0][2] + 1
    assert {"before": "basic", "level": "gold", "why": "matched"}.items() <= next(
        each for each in after["flow"] if each["level"] == "gold"
    ).items()


def test_who_is_near_is_told_both_ways(api):
    near, far = new_member(api), new_member(api)
    buy(api, near, 9000)
    buy(api, far, 100)
    said = api.call("GET", "/v1/tiers/status/near?share=85&limit=200").json()
    mine = [each for each in said["items"] if each["member_id"] == near["member_id"]]
    assert [(each["target"], each["amount"], each["lacking"]) for each in mine] == [
        ("silver", 90, 10)
    ]
    assert mine[0]["by"] == f"{datetime.now(UTC).year}-12-31"
    assert far["member_id"] not in [each["member_id"] for each in said["items"]]
    said = put(api, far, until=(datetime.now(UTC).date() + timedelta(days=30)).isoformat())
    assert said.status_code == 201, said.text
    said = api.call("GET", "/v1/tiers/status/near?way=down&days=40").json()
    mine = [each for each in said["items"] if each["member_id"] == far["member_id"]]
    assert [(each["level"], each["target"], each["lacking"]) for each in mine] == [
        ("gold", "silver", 999)
    ]
    for wrong in ("share=0", "share=100", "way=sideways", "way=down&days=x", "cursor=x", "limit=0"):
        said = api.call("GET", f"/v1/tiers/status/near?{wrong}")
        assert said.status_code in (400, 422), wrong
    assert api.call("GET", "/v1/tiers/none/near").status_code == 404


def test_a_second_person_sets_it_where_the_program_says_so(api, me):
    """The last one: a program in which he decides on less would wait for him too."""
    api.publish(PROGRAM | {"approvals": ["tier"]})
    assert put(api, me).status_code == 202
    assert tier(api, me)["level"] == "basic"


def test_who_left_a_household_is_told_nothing_of_its_later_levels(api):
    head, guest = new_member(api), new_member(api)
    home = api.call("POST", "/v1/households", {"member_id": head["member_id"]}).json()
    path = f"/v1/households/{home['household_id']}"
    asked = api.call("POST", f"{path}/invitations", {"member_id": guest["member_id"]}).json()
    answer = f"/v1/household-invitations/{asked['invitation_id']}/answer"
    assert api.call("POST", answer, {"accept": True}).is_success
    assert api.call("POST", f"{path}/members/{guest['member_id']}/leave").is_success
    buy(api, head, 50_000)
    for who, levels in ((head, ["silver"]), (guest, [])):
        body = {"reason": "the member asked"}
        held = api.call("POST", f"/v1/members/{who['member_id']}/export", body).json()["held"]
        told = [each["level"] for each in (*held["levels"], *held["level_changes"])]
        assert told == levels * 2, who
