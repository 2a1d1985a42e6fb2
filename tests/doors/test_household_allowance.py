"""A till that is cut off lets a child spend no more than its limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from doors.test_merges import member
from support import api as shops
from support.api import Api

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "households": {"child_per_day": 10}, "offline": {"points": 60, "days": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def test_an_allowance_is_within_the_limit_of_the_day(api):
    anna, carl = member(api, 500), member(api)
    home = api.call("POST", "/v1/households", {"member_id": anna["member_id"]}).json()
    path = f"/v1/households/{home['household_id']}/invitations"
    asked = api.call("POST", path, {"member_id": carl["member_id"], "role": "child"}).json()
    path = f"/v1/household-invitations/{asked['invitation_id']}/answer"
    assert api.call("POST", path, {"accept": True}).json()["members"] == 2
    points = {
        card: api.call("POST", "/v1/allowances", {"card": card, "store": "S1", "till": "1"}).json()
        for card in (anna["card"], carl["card"])
    }
    assert [each["points"] for each in points.values()] == [60, 10]
