"""Attributes and favourites: declared by the program, told by administration, shown to it."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from support import api as shops
from support.api import Api, refused
from tessera.base.packing import unpack

PROGRAM: dict[str, Any] = {
    "name": "People", "currency": "EUR",
    "attributes": {
        "nickname": {"type": "text"}, "children": {"type": "integer"},
        "vegan": {"type": "boolean"}, "wedding": {"type": "date"},
        "gender": {"type": "choice", "values": ["f", "m", "x"]},
    },
    "rules": [
        {"id": "women", "mechanic": "fixed_points", "points": 1000,
         "when": {"attribute": {"name": "gender", "values": ["f"]}}},
        {"id": "liked", "mechanic": "favourite", "percent": 20},
    ],
}  # fmt: skip
KNOWN = {"nickname": "Nan", "children": 2, "vegan": False, "wedding": "2011-06-18", "gender": "f"}
SHOWN = KNOWN | {"nickname": "N•••"}  # a text is somebody's own words
_serials = count(100)


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def join(api: Api, **said: Any) -> tuple[str, str]:
    """(member, card) of somebody who joins with this."""
    card = api.cards[next(_serials)]
    body = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Anna"} | said
    done = api.call("POST", "/v1/members", body)
    assert done.status_code == 201, done.text
    return done.json()["member_id"], card


def change(api: Api, member: str, **said: Any) -> Any:
    done = api.call("PATCH", f"/v1/members/{member}", said)
    assert done.status_code == 200, done.text
    return done.json()


def read(api: Api, member: str) -> tuple[dict[str, Any], list[str]]:
    said = api.call("GET", f"/v1/members/{member}").json()
    return said["attributes"], said["favourites"]


def test_who_joins_may_tell_more(api):
    member, _ = join(api, attributes=KNOWN, favourites=["LATTE", "bakery", "LATTE"])
    assert read(api, member) == (SHOWN, ["LATTE", "bakery"])
    nobody, _ = join(api)
    assert read(api, nobody) == ({}, [])
    listed = api.call("GET", "/v1/members?limit=200").json()["items"]
    assert SHOWN in [each["attributes"] for each in listed]


def test_a_text_is_told_for_a_reason_and_its_mask_is_not_kept(api):
    member, _ = join(api, attributes=KNOWN)
    masked = {"attributes": {"nickname": "N•••"}}
    said = refused(api, lambda: api.call("PATCH", f"/v1/members/{member}", masked))
    assert (said["code"], said["field"]) == ("attribute_invalid", "attributes.nickname")
    asked = {"fields": ["attributes"], "reason": "a gift is on its way"}
    told = api.call("POST", f"/v1/members/{member}/reveal", asked).json()
    assert told["attributes"] == KNOWN
    (sight,) = api.call("GET", f"/v1/members/{member}/sights").json()["items"]
    assert (sight["fields"], sight["reason"]) == (["attributes"], "a gift is on its way")


def test_attributes_are_merged_and_null_takes_one_away(api):
    member, _ = join(api, attributes={"nickname": "Nan", "children": 2}, favourites=["TEA"])
    answer = change(api, member, attributes={"children": 3, "vegan": True, "nickname": None})
    assert set(answer) == {"member_id", "account_id"}, "answers are kept: no personal data in them"
    assert read(api, member) == ({"children": 3, "vegan": True}, ["TEA"])
    change(api, member, attributes={"unheard_of": None})
    change(api, member)
    assert read(api, member) == ({"children": 3, "vegan": True}, ["TEA"])


def test_favourites_are_replaced(api):
    member, _ = join(api, attributes={"vegan": True}, favourites=["TEA"])
    change(api, member, favourites=["LATTE"])
    assert read(api, member) == ({"vegan": True}, ["LATTE"])
    change(api, member, favourites=[])
    assert read(api, member) == ({"vegan": True}, [])


def test_rules_see_them_at_once(api):
    member, card = join(api)
    said = [api.post("/v1/receipts", api.basket(card=card)).json()]
    change(api, member, attributes={"gender": "f"}, favourites=["CAKE"])
    said.append(api.post("/v1/receipts", api.basket(card=card)).json())
    assert [each.get("points_earned", 0) for each in said] == [0, 1000]
    assert [each["to_pay_minor"] for each in said] == [1150, 1070]


@pytest.mark.parametrize(
    ("attributes", "code", "field"),
    [
        ({"shoe_size": 42}, "attribute_unknown", "attributes.shoe_size"),
        ({"children": "2"}, "attribute_invalid", "attributes.children"),
        ({"children": True}, "attribute_invalid", "attributes.children"),
        ({"vegan": 1}, "attribute_invalid", "attributes.vegan"),
        ({"nickname": 5}, "attribute_invalid", "attributes.nickname"),
        ({"gender": "F"}, "attribute_invalid", "attributes.gender"),
        ({"wedding": "18.6.2011"}, "attribute_invalid", "attributes.wedding"),
        ({"wedding": "20110618"}, "attribute_invalid", "attributes.wedding"),
        ({"wedding": "2011-02-30"}, "attribute_invalid", "attributes.wedding"),
        ({"children": 2, "wedding": 5}, "attribute_invalid", "attributes.wedding"),
        ({"children": 10**18}, "body_invalid", ""),
        ({"nickname": "x" * 201}, "body_invalid", ""),
        ({"nickname": ["x"]}, "body_invalid", ""),
    ],
)
def test_what_the_program_does_not_declare_so_is_refused(api, attributes, code, field):
    member, _ = join(api)
    who = {"identifiers": [{"kind": "external", "value": uuid4().hex}]}
    for send in (
        lambda: api.call("PATCH", f"/v1/members/{member}", {"attributes": attributes}),
        lambda: api.call("POST", "/v1/members", who | {"attributes": attributes}),
    ):
        problem = refused(api, send)
        assert problem["code"] == code and problem["field"].startswith(field)
    assert read(api, member) == ({}, [])


@pytest.mark.parametrize("favourites", [["x"] * 21, [""], ["x" * 33], "LATTE", [5], ["a\x00"]])
def test_favourites_are_a_few_codes(api, favourites):
    member, _ = join(api)
    path = f"/v1/members/{member}"
    assert refused(api, lambda: api.call("PATCH", path, {"favourites": favourites}))["code"] == (
        "body_invalid"
    )


def test_of_a_shadow_only_favourites_are_known(api):
    """Attributes are of a person, and nobody has said yet who it is."""
    card = api.cards[next(_serials)]
    assert api.post("/v1/receipts", api.basket(card=card)).status_code == 201
    members = api.call("GET", "/v1/members?limit=200").json()["items"]
    shadow = next(
        each["member_id"]
        for each in members
        if card in [named["value"] for named in each["identifiers"]]
    )
    path = f"/v1/members/{shadow}"
    both = {"attributes": {"vegan": True}, "favourites": ["TEA"]}
    assert refused(api, lambda: api.call("PATCH", path, both))["code"] == "member_not_registered"
    change(api, shadow, favourites=["TEA"])
    who = {"identifiers": [{"kind": "card", "value": card}], "attributes": {"vegan": True}}
    assert api.call("POST", "/v1/members", who).json()["history"] is True
    assert read(api, shadow) == ({"vegan": True}, ["TEA"])


def test_a_change_happens_once(api):
    member, _ = join(api, attributes={"children": 1})
    body = {"attributes": {"children": 2}}
    path, key = f"/v1/members/{member}", uuid4().hex
    first = api.call("PATCH", path, body, key=key)
    change(api, member, attributes={"children": 3})
    again = api.call("PATCH", path, body, key=key)
    assert (again.status_code, again.content) == (200, first.content)
    assert read(api, member)[0] == {"children": 3}
    other = api.call("PATCH", path, {"attributes": {"children": 4}}, key=key)
    assert (other.status_code, other.json()["field"]) == (422, "attributes")
    unknown = api.call("PATCH", f"/v1/members/{uuid4()}", body)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "member_unknown")


def test_no_answer_of_a_writing_call_holds_what_was_told(api):
    member, _ = join(api, attributes={"nickname": "canary-nick"}, favourites=["canary-like"])
    change(api, member, attributes={"nickname": "canary-nick-2"})
    kept = api.eye.execute("SELECT body FROM access.answer").fetchall()
    assert kept and not any(b"canary" in unpack(body) for (body,) in kept)
