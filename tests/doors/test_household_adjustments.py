"""What is put in by hand counts for people, whatever household they found, join and leave."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from httpx import Response

from support import api as shops
from support.api import Api

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "adjustments": {"per_member_30_days": 600},
}  # fmt: skip
_serials = count(10)


@pytest.fixture(params=[False, True], ids=["alone", "brought"])
def api(request, server, template) -> Iterator[Api]:
    """A shop where points stay on the own account, and one where they come along."""
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM | {"households": {"brings_points": request.param}})
        yield shop


class Person:
    """Somebody with a card."""

    def __init__(self, api: Api) -> None:
        self.api, self.card = api, api.cards[next(_serials)]
        body = {"identifiers": [{"kind": "card", "value": self.card}], "given_name": "Ada"}
        self.id = self.said("POST", "/v1/members", body)["member_id"]

    def said(self, method: str, path: str, body: Any = None) -> Any:
        said = self.api.call(method, path, body)
        assert said.is_success, said.text
        return said.json()

    def founds(self) -> str:
        return str(self.said("POST", "/v1/households", {"member_id": self.id})["household_id"])

    def enters(self, household: str, role: str = "member") -> None:
        body = {"member_id": self.id, "role": role}
        invited = self.said("POST", f"/v1/households/{household}/invitations", body)
        answer = f"/v1/household-invitations/{invited['invitation_id']}/answer"
        self.said("POST", answer, {"accept": True})

    def leads(self, household: str) -> None:
        path = f"/v1/households/{household}/members/{self.id}"
        self.said("POST", path, {"role": "head"})

    def leaves(self, household: str) -> None:
        self.said("POST", f"/v1/households/{household}/members/{self.id}/leave")

    def given(self, points: int) -> str:
        """ "" where they were put in, else the code of the refusal."""
        body = {"member": {"card": self.card}, "points": points, "reason": "goodwill",
                "expires_at": "2098-01-01T00:00:00Z"}  # fmt: skip
        said: Response = self.api.call("POST", "/v1/adjustments", body)
        return "" if said.is_success else str(said.json()["code"])


def test_who_founds_one_household_after_the_other_has_one_limit(api):
    anna = Person(api)
    assert anna.given(400) == ""
    first = anna.founds()
    assert (anna.given(201), anna.given(200)) == ("limit_reached", "")
    anna.leaves(first)
    assert anna.given(1) == "limit_reached"
    anna.founds()
    assert anna.given(1) == "limit_reached"


def test_who_leaves_it_to_another_has_no_new_limit(api):
    """What was put in while she was there counts on her own account, and in the next household."""
    anna, berta = Person(api), Person(api)
    first = anna.founds()
    assert anna.given(600) == ""
    berta.enters(first)
    berta.leads(first)
    anna.leaves(first)
    assert anna.given(1) == "limit_reached"
    anna.founds()
    assert anna.given(1) == "limit_reached"


def test_what_was_put_in_before_one_came_and_after_one_left_is_not_hers(api):
    anna, berta = Person(api), Person(api)
    home = anna.founds()
    assert anna.given(300) == ""
    berta.enters(home)
    assert berta.given(100) == ""
    berta.leaves(home)
    assert anna.given(200) == ""
    assert (berta.given(501), berta.given(500)) == ("limit_reached", "")


def test_each_operation_counts_once(api):
    anna = Person(api)
    assert anna.given(100) == ""
    for _ in range(3):
        anna.leaves(anna.founds())
    home = anna.founds()
    assert anna.given(100) == ""
    anna.leaves(home)
    assert (anna.given(401), anna.given(400)) == ("limit_reached", "")


def test_who_comes_when_one_has_left_brings_no_limit_to_her(api):
    api.publish(PROGRAM | {"households": {"brings_points": True}})
    anna, berta, carla = Person(api), Person(api), Person(api)
    home = anna.founds()
    berta.enters(home)
    berta.leads(home)
    assert carla.given(600) == ""
    anna.leaves(home)
    carla.enters(home)
    assert (anna.given(1), berta.given(1)) == ("", "limit_reached")
    api.publish(PROGRAM)
