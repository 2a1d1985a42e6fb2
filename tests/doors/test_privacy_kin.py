"""Privacy of people who were merged, or live in one household."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from support import api as shops
from support.database import connect, run
from support.things import fresh_card, signed_in
from tessera.doors.till import OPERATIONS
from tessera.identity.privacy.core import Asking
from tessera.identity.privacy.flows import erase_idle
from tessera.rules.core.words import Program

PLAIN = Program(name="Plain", currency="EUR", rules=())
WHY = {"reason": "the member asked"}


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        example = next(e.example for e in OPERATIONS if e.name == "program.publish")
        shop.publish(example | {"households": {}})
        yield shop


def joined(api: shops.Api) -> tuple[str, str]:
    """Somebody with a card: (member, card)."""
    card = fresh_card(api)
    body = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Anna"}
    return api.call("POST", "/v1/members", body).json()["member_id"], card


def merged(api: shops.Api, into: str, other: str) -> str:
    said = api.call("POST", f"/v1/members/{into}/merge", {"other": other, "reason": "one person"})
    assert said.is_success, said.text
    return said.json()["merge_id"]


def told(api: shops.Api, member: str) -> dict[str, Any]:
    said = api.call("POST", f"/v1/members/{member}/export", WHY)
    assert said.is_success, said.text
    return said.json()["held"]


def test_who_was_merged_is_not_idle_while_the_other_number_buys(api):
    """Long ago two members; today they are one, and bought."""
    (one, card), (other, _) = joined(api), joined(api)
    merged(api, one, other)
    api.eye.execute(
        "UPDATE members.member SET seen_at = '2015-01-01', registered_at = '2015-01-01'"
        " WHERE id = ANY(%s)", ([one, other],)
    )  # fmt: skip
    api.eye.execute("SET session_replication_role = replica")
    api.eye.execute("UPDATE access.audit SET at = '2015-01-01' WHERE subject_id = ANY(%s)",
                    ([one, other],))  # fmt: skip
    api.eye.execute("SET session_replication_role = origin")
    asking = Asking("retention", "idle", None, PLAIN.lives)

    async def idle(member: str) -> Any:
        async with await connect(api.dsn) as conn:
            found = await erase_idle(conn, UUID(member), 36, asking, datetime.now(UTC))
            await conn.rollback()
            return found

    assert run(idle(other)) is not None, "nobody did anything yet"
    assert api.post("/v1/receipts", api.basket(card=card)).is_success
    assert run(idle(other)) is None and run(idle(one)) is None


def test_both_numbers_of_a_person_are_erased_together(api):
    (one, _), (other, card) = joined(api), joined(api)
    merged(api, one, other)
    done = api.call("POST", f"/v1/members/{other}/erase", WHY).json()
    assert (done["member_id"], set(done["numbers"])) == (one, {one, other})
    assert not api.post("/v1/identify", {"card": card}).is_success


def test_sights_of_both_numbers_are_told(api):
    (one, _), (other, _) = joined(api), joined(api)
    api.call("POST", f"/v1/members/{other}/reveal", {"fields": ["name"], "reason": "called back"})
    merged(api, one, other)
    for asked in (one, other):
        seen = api.call("GET", f"/v1/members/{asked}/sights").json()["items"]
        assert [each["reason"] for each in seen] == ["called back"]
    held = told(api, one)
    assert len(held["merges"]) == 1 and "member.merge" in {
        each["operation"] for each in held["done_with_your_data"]
    }


def test_an_erased_member_stays_erased(api):
    member, card = joined(api)
    assert api.call("POST", f"/v1/members/{member}/erase", WHY).is_success
    before = api.rows()
    for path, body in (
        ("identifiers", {"kind": "email", "value": f"{uuid4().hex}@example.org"}),
        ("identifiers", {"kind": "card", "value": card}),
        ("contacts", {"kind": "email", "value": "a@example.org"}),
    ):
        said = api.call("POST", f"/v1/members/{member}/{path}", body)
        assert said.status_code in (404, 409, 422), said.text
    said = api.call("PATCH", f"/v1/members/{member}", {"favourites": ["LATTE"]})
    assert said.json()["code"] == "member_erased"
    assert api.rows() == before


def test_an_export_of_a_household_s_member_shows_no_one_else_s_purchases(api):
    (head, head_card), (guest, guest_card) = joined(api), joined(api)
    tokens = {each: signed_in(api, each) for each in (head, guest)}
    assert api.call("POST", "/v1/me/household", token=tokens[head]).is_success
    asked = api.call(
        "POST", "/v1/me/household/invitations", {"member_id": guest, "role": "member"},
        token=tokens[head],
    )  # fmt: skip
    assert asked.is_success, asked.text
    path = f"/v1/me/household-invitations/{asked.json()['invitation_id']}/answer"
    assert api.call("POST", path, {"accept": True}, token=tokens[guest]).is_success
    for card in (head_card, guest_card, head_card):
        assert api.post("/v1/receipts", api.basket(card=card)).is_success
    held = told(api, guest)
    assert len(held["receipts"]) == 1
    own = {each["id"] for each in held["receipts"]}
    assert {each["operation_id"] for each in held["moves"]} == own
    assert all("name" not in each for each in held["seen_by"])
    assert api.call("POST", f"/v1/members/{guest}/erase", WHY).is_success
    inside = api.call("GET", "/v1/me/household", token=tokens[head]).json()["household"]
    assert [each["member_id"] for each in inside["members"]] == [head]
