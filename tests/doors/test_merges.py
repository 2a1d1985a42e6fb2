"""Merges and households over HTTP: explained, undone, and found by every old name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

import psycopg
import pytest

from support import api as shops
from support import database
from support.api import Api, refused
from support.things import signed_in
from tessera.access.codes import flows as codes
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.flows.proof import prove_all

_serials = count(300)
PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "transfers": {"transfer": {"per_month": 60}}, "households": {"child_per_day": 10},
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def member(api: Api, points: int = 0, **told: Any) -> dict[str, str]:
    card = api.cards[next(_serials)]
    body = {"identifiers": [{"kind": "card", "value": card}], **told}
    said = api.call("POST", "/v1/members", body)
    assert said.status_code == 201, said.text
    if points:
        given = {"member": {"card": card}, "points": points, "reason": "goodwill",
                 "expires_at": "2098-01-01T00:00:00Z"}  # fmt: skip
        assert api.call("POST", "/v1/adjustments", given).status_code == 201
    return {"card": card, **said.json()}


def merge(api: Api, into: dict[str, str], other: dict[str, str], **how: Any) -> dict[str, Any]:
    body = {"other": other["member_id"], "reason": "one phone", **how}
    said = api.call("POST", f"/v1/members/{into['member_id']}/merge", body)
    assert said.status_code == 201, said.text
    return said.json()


def differences(dsn: str) -> list[str]:
    async def prove() -> list[str]:
        async with await database.connect(dsn) as conn:
            return (await prove_all(conn, chain=True)).differences

    return database.run(prove())


def test_every_old_name_leads_to_the_one_who_stays(api):
    anna = member(api, 100, given_name="Anna", family_name="Rossi", language="it")
    berta = member(api, 50, given_name="Anna", family_name="Rosi", born_on="1984-02-29")
    told = merge(api, anna, berta, keep="member")
    assert told["points"] == [{"currency": "", "points": 50, "owed": 0}]
    read = api.call("GET", f"/v1/members/{berta['member_id']}").json()
    assert (read["member_id"], read["name"], read["language"]) == (
        anna["member_id"], "Anna R.", "it"
    )  # fmt: skip
    assert {each["value"] for each in read["identifiers"]} == {anna["card"], berta["card"]}
    for account in (anna["account_id"], berta["account_id"]):
        points = api.call("GET", f"/v1/accounts/{account}/points").json()
        assert points["account_id"] == anna["account_id"]
        assert points["wallets"][0]["balance"]["balance"] == 150
    changed = api.call("PATCH", f"/v1/members/{berta['member_id']}", {"favourites": ["SOUP"]})
    assert changed.json()["member_id"] == anna["member_id"]
    more = {"kind": "external", "value": "crm-merged"}
    added = api.call("POST", f"/v1/members/{berta['member_id']}/identifiers", more)
    assert added.json()["member_id"] == anna["member_id"]
    moves = api.call("GET", f"/v1/accounts/{berta['account_id']}/moves").json()["items"]
    assert [each["what"] for each in moves] == ["joined to another account", "put in by hand"]
    listed = api.call("GET", "/v1/members?limit=100").json()["items"]
    assert berta["member_id"] not in {each["member_id"] for each in listed}
    again = api.call("GET", f"/v1/merges/{told['merge_id']}").json()
    assert again == told
    both = [api.call("GET", f"/v1/members/{each['member_id']}/merges") for each in (anna, berta)]
    assert [each.json()["items"] for each in both] == [[told], [told]]


def called(api: Api, who: dict[str, str], nickname: str) -> None:
    token = signed_in(api, who["member_id"])
    assert api.call("POST", "/v1/me/nickname", {"nickname": nickname}, token=token).is_success


def nicknames(api: Api, *people: dict[str, str]) -> list[str]:
    kept = "SELECT nickname FROM members.person WHERE member_id = %s"
    rows = [api.eye.execute(kept, (each["member_id"],)).fetchone() for each in people]
    return ["" if row is None else row[0] for row in rows]


def test_undone_each_is_who_was_there_before(api):
    anna = member(api, 100, given_name="Anna")
    berta = member(api, 50, given_name="Berta", born_on="1990-01-01", favourites=["LATTE"])
    called(api, berta, "Zora the Fox")
    before = [api.call("GET", f"/v1/members/{each['member_id']}").json() for each in (anna, berta)]
    told = merge(api, anna, berta)  # Berta registered last: her name stays
    assert nicknames(api, anna, berta) == ["Zora the Fox", ""]
    assert told["keeps"] == "other"
    path = f"/v1/merges/{told['merge_id']}/undo"
    undone = api.call("POST", path, {"reason": "two sisters"})
    assert undone.status_code == 200, undone.text
    assert undone.json()["back"] == [{"currency": "", "points": 50, "owed": 0}]
    after = [api.call("GET", f"/v1/members/{each['member_id']}").json() for each in (anna, berta)]
    assert after == before
    assert nicknames(api, anna, berta) == ["", "Zora the Fox"]
    problem = refused(api, lambda: api.call("POST", path, {"reason": "once more"}))
    assert problem["code"] == "merge_undone"
    assert differences(api.dsn) == []


def test_parted_both_sign_in_anew_with_their_own_devices(api):
    """Who came in while they were one may be either: no session, code or new device is left."""
    anna, berta = member(api), member(api)
    old, mine = device(api, berta), device(api, anna)
    signed = signed_in(api, berta["member_id"])
    told = merge(api, anna, berta)
    assert api.call("GET", "/v1/me", token=signed).status_code == 401
    assert owners(api) == {old: anna["member_id"], mine: anna["member_id"]}
    hers, added = signed_in(api, anna["member_id"]), device(api, anna)
    assert api.call("GET", "/v1/me", token=hers).is_success
    code_for(api, anna)
    said = api.call("POST", f"/v1/merges/{told['merge_id']}/undo", {"reason": "two sisters"})
    assert said.is_success, said.text
    assert api.call("GET", "/v1/me", token=hers).status_code == 401
    assert owners(api) == {old: berta["member_id"], mine: anna["member_id"]} and added
    assert api.eye.execute("SELECT count(*) FROM access.code_challenge").fetchone() == (0,)


def device(api: Api, who: dict[str, str]) -> str:
    """The id of a passkey of somebody's, added just now."""
    key = new_id()
    api.eye.execute(
        "INSERT INTO access.passkey (credential_id, id, kind, person_id, public_key, sign_count,"
        " name, created_at) VALUES (%s, %s, 'member', %s, 'x', 0, '', %s)",
        (key.bytes, key, who["member_id"], datetime.now(UTC)),
    )
    return str(key)


def owners(api: Api) -> dict[str, str]:
    rows = api.eye.execute("SELECT id::text, person_id::text FROM access.passkey").fetchall()
    return dict(rows)


def code_for(api: Api, who: dict[str, str]) -> None:
    """A code on its way to somebody."""

    async def work() -> None:
        async with await database.connect(api.dsn) as conn:
            done = await codes.begin(
                conn, "sign in", "email", "anna@example.org", UUID(who["member_id"]),
                datetime.now(UTC), deliver=True, language="en", address="127.0.0.1",
            )  # fmt: skip
            assert not isinstance(done, Refusal)
            await conn.commit()

    database.run(work())


def test_limits_of_sending_count_what_both_have_sent(api):
    anna, berta, carl = member(api, 100), member(api, 100), member(api)
    sends = [
        {"sender": {"card": each["card"]}, "receiver": {"card": carl["card"]}, "points": 40}
        for each in (anna, berta)
    ]
    assert api.call("POST", "/v1/transfers", sends[0]).status_code == 201
    merge(api, berta, anna)
    problem = refused(api, lambda: api.call("POST", "/v1/transfers", sends[1]))
    assert problem["code"] == "limit_reached"


def test_who_is_merged_already_is_not_merged_again(api):
    anna, berta = member(api), member(api)
    merge(api, anna, berta)
    for into, other in ((anna, berta), (berta, anna), (anna, anna)):
        body = {"other": other["member_id"], "reason": "one phone"}
        path = f"/v1/members/{into['member_id']}/merge"
        problem = refused(api, partial(api.call, "POST", path, body))
        assert problem["code"] == "already_merged"


def test_a_sealed_portrait_holds_no_name_and_the_log_none(api):
    anna, berta = member(api, given_name="Quirina"), member(api, given_name="Zenobia")
    merge(api, anna, berta)
    with psycopg.connect(api.dsn) as conn:
        rows = conn.execute("SELECT was::text, other_was::text FROM identity.merge").fetchall()
        audit = conn.execute("SELECT a::text FROM access.audit AS a").fetchall()
    told = str(rows) + str(audit)
    assert all(each.encode().hex() not in told and each not in told
               for each in ("Quirina", "Zenobia"))  # fmt: skip


def test_nobody_sends_the_points_of_an_erased_member(api):
    gone, other = member(api, 50), member(api)
    path = f"/v1/members/{gone['member_id']}/erase"
    assert api.call("POST", path, {"reason": "asked for it"}).is_success
    sent = {"sender": {"account_id": gone["account_id"]}, "receiver": {"card": other["card"]},
            "points": 50}  # fmt: skip
    problem = refused(api, lambda: api.call("POST", "/v1/transfers", sent))
    assert problem["code"] == "not_registered"


def test_who_has_a_limit_sends_nothing(api):
    anna, carl = member(api, 100), member(api, 100)
    home = api.call("POST", "/v1/households", {"member_id": anna["member_id"]}).json()
    path = f"/v1/households/{home['household_id']}/invitations"
    asked = api.call("POST", path, {"member_id": carl["member_id"], "role": "child"}).json()
    assert asked["most_per_day"] == 10
    path = f"/v1/household-invitations/{asked['invitation_id']}/answer"
    assert api.call("POST", path, {"accept": True}).json()["members"] == 2
    read = api.call("GET", f"/v1/households/{home['household_id']}").json()
    assert [(each["role"], each["brought"]) for each in read["members"]] == [
        ("head", True), ("child", True)
    ]  # fmt: skip
    gift = {"sender": {"card": carl["card"]}, "receiver": {"card": member(api)["card"]},
            "points": 5}  # fmt: skip
    assert refused(api, lambda: api.call("POST", "/v1/transfers", gift))["code"] == (
        "household_limit"
    )
    gift["sender"] = {"card": anna["card"]}
    assert api.call("POST", "/v1/transfers", gift).status_code == 201
    assert differences(api.dsn) == []


TAMPERINGS = {
    "UPDATE ledger.joined_wallet SET points = points + 1":
        "points and 0 owed went over; by its moves",
    "UPDATE ledger.lot SET earned_at = earned_at - interval '1 day' WHERE came_from IS NOT NULL":
        "differs from the one there",
    "UPDATE ledger.account SET joined_to = id WHERE joined_to <> id":
        "it is there, its last joining says joined to",
    "UPDATE checkout.history_day SET times = times + 1": "expected",
    "DELETE FROM ledger.joined_wallet": "0 points and 0 owed went over",
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERINGS)
def test_tampering_with_a_joining_is_named(server, template, change):
    with shops.fresh(server, template) as api:
        api.publish(PROGRAM)
        anna, berta = member(api, 100), member(api, 50)
        assert api.call("POST", "/v1/receipts", api.basket(card=berta["card"])).is_success
        merge(api, anna, berta)
        assert differences(api.dsn) == []
        with psycopg.connect(api.dsn) as conn:
            conn.execute("SET session_replication_role = replica")
            conn.execute(change.encode())
        assert any(TAMPERINGS[change] in each for each in differences(api.dsn)), change
