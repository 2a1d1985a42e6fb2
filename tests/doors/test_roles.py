"""Own roles and narrow keys over real HTTP: nobody gives more than he has, and it holds at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from support import api as shops
from support.api import Api, refused
from tessera.access.core import STRANGER_RATE
from tessera.doors.gate import _ADDRESSES, Gate

EARNS = 23  # points of `basket`, by the starter program: 2 for each 1.00


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


def role(api: Api, name: str, token: str | None = None, **grants: str):
    """Made by the owner, unless another's token is given."""
    return api.call("POST", "/v1/roles", {"name": name, "grants": named(grants)}, token=token)


def named(grants: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", ".", 1): scope for name, scope in grants.items()}


def status(api: Api, token: str, method: str, path: str, body=None, **headers: str) -> int:
    return api.call(method, path, body, token=token, headers=headers).status_code


# Roles -------------------------------------------------------------------------------------------


def test_a_role_may_what_it_says_at_once_and_nothing_after_its_end(api):
    assert role(api, "desk", identify="all").status_code == 201
    _, token = api.issue("desk")
    who = {"card": api.cards[0]}
    assert status(api, token, "POST", "/v1/identify", who) == 200
    assert status(api, token, "GET", "/v1/members") == 403
    changed = api.call("PATCH", "/v1/roles/desk", {"grants": {"member.list": "all"}})
    assert changed.json()["grants"] == {"member.list": "all"}
    assert status(api, token, "POST", "/v1/identify", who) == 403
    assert status(api, token, "GET", "/v1/members") == 200
    assert api.call("POST", "/v1/roles/desk/end").json()["ended_at"] is not None
    assert status(api, token, "GET", "/v1/members") == 403
    assert role(api, "desk", identify="all").json()["code"] == "role_taken"
    said = api.call("PATCH", "/v1/roles/desk", {"about": "x"})
    assert said.json()["code"] == "role_ended"


def test_nobody_makes_a_role_or_a_key_that_may_more_than_he(api):
    assert role(api, "head", role_make="all", key_issue="all", quote="own_store",
                receipt_read="all").is_success  # fmt: skip
    _, head = api.issue("head", stores=["S1"], networks=["127.0.0.0/8"], expires_at=days(5))
    assert role(api, "less", head, quote="own_store").is_success
    for grants in ({"quote": "all"}, {"member_list": "all"}):
        problem = refused(api, partial(role, api, "more", head, **grants))
        assert problem["code"] == "not_yours_to_give" and problem["status"] == 403
    fine = {"name": "x", "role": "less", "stores": ["S1"], "networks": ["127.0.0.0/16"],
            "expires_at": days(4)}  # fmt: skip
    assert status(api, head, "POST", "/v1/keys", fine) == 201
    wider: tuple[dict[str, Any], ...] = (
        {"role": "owner", "stores": None}, {"role": "till"}, {"stores": ["S1", "S2"]},
        {"networks": []}, {"networks": ["10.0.0.0/8"]}, {"expires_at": None},
        {"expires_at": days(6)},
    )  # fmt: skip
    for more in wider:
        issue = partial(api.call, "POST", "/v1/keys", fine | more, token=head)
        problem = refused(api, issue)
        assert problem["code"] == "not_yours_to_give", more
    for name, code in (("till", "role_name_invalid"), ("Desk", "body_invalid")):
        problem = refused(api, partial(role, api, name, identify="all"))
        assert problem["code"] == code


def days(count: int) -> str:
    return (datetime.now(UTC) + timedelta(days=count)).isoformat()


def test_built_in_roles_are_listed_and_stay_as_they_are(api):
    listed = api.call("GET", "/v1/roles").json()["items"]
    assert [each["name"] for each in listed][:2] == ["owner", "manager"]
    assert all(each["built_in"] for each in listed[:11])
    for path, body in (("/v1/roles/till", {"about": "x"}), ("/v1/roles/none-such", {})):
        problem = refused(api, partial(api.call, "PATCH", path, body))
        assert problem["code"] in ("role_built_in", "role_unknown")


def test_a_contractor_s_key_has_an_end(api):
    body = {"name": "x", "role": "contractor"}
    problem = refused(api, lambda: api.call("POST", "/v1/keys", body))
    assert problem["code"] == "expiry_missing"
    assert api.call("POST", "/v1/keys", body | {"expires_at": days(90)}).status_code == 201


def test_who_sees_pseudonyms_hears_no_name_and_no_way_to_reach(api):
    person = [{"kind": "phone", "value": "+39 333 4445566"}, {"kind": "email", "value": "p@x.org"}]
    body = {"identifiers": person, "given_name": "Paola", "family_name": "Verdi"}
    member = api.call("POST", "/v1/members", body).json()["member_id"]
    for who, known in (("owner", True), ("analyst", False)):
        said = api.call("GET", f"/v1/members/{member}", token=api.issue(who)[1])
        assert said.status_code == 200
        assert ("Paola" in said.text, "+39" in said.text) == (known, known)


def test_who_sees_pseudonyms_meets_nobody_by_name_at_the_till_or_among_likely_pairs(api):
    person = {"given_name": "Petra", "family_name": "Neri", "born_on": "1984-02-29"}
    phones = [{"kind": "phone", "value": value} for value in ("+393334445577", "+393334445578")]
    one, other = sorted(
        api.call("POST", "/v1/members", person | {"identifiers": [each]}).json()["member_id"]
        for each in phones
    )
    api.eye.execute(
        "INSERT INTO members.likely (id, one, other, weight, evidence, found_at)"
        " VALUES (gen_random_uuid(), %s, %s, 120, '[]', now())", (one, other),
    )  # fmt: skip
    grants = {"identify": "all", "duplicate.near": "all", "duplicate.list": "all"}
    for sight, known in (("masked", True), ("pseudonym", False)):
        name = f"pairs-{sight}"
        role = {"name": name, "grants": grants, "sight": sight}
        assert api.call("POST", "/v1/roles", role).is_success
        token = api.issue(name)[1]
        for method, path, body in (
            ("POST", "/v1/identify", {"identifier": phones[0]}),
            ("POST", "/v1/duplicates/near", person | {"identifiers": phones}),
            ("GET", "/v1/duplicates", None),
        ):
            said = api.call(method, path, body, token=token)
            assert said.is_success, said.text
            assert ("Petra" in said.text) is known, path
            told = [word for word in ("1984", "+39") if word in said.text]
            assert known or not told, path


# Keys --------------------------------------------------------------------------------------------


def test_a_key_works_from_its_addresses_on_either_way(api):
    """The proxy on this machine is trusted, so a test may come from anywhere."""
    inside, outside = {"X-Forwarded-For": "10.1.2.3"}, {"X-Forwarded-For": "10.2.2.3"}
    six = {"X-Forwarded-For": "2001:db8::77"}
    _, token = api.issue("till", "S1", networks=["10.1.0.0/16", "2001:db8::/64"])
    for path in ("/v1/receipts", "/v1/identify"):
        for where, fine in ((inside, True), (outside, False), (six, True), ({}, False)):
            for _ in range(2):  # looked up, then known
                body = api.basket() if path == "/v1/receipts" else {"card": api.cards[0]}
                said = api.call("POST", path, body, token=token, headers=where)
                assert said.is_success == fine, (path, where)
                assert fine or (said.status_code, said.json()["code"]) == (403, "address_other")
    _, here = api.issue("till", "S1", networks=["127.0.0.0/8"])
    assert status(api, here, "POST", "/v1/receipts", api.basket()) == 201


def test_a_range_with_bits_beyond_its_mask_is_refused(api):
    for wrong in ("10.1.0.1/16", "10.1", "300.0.0.0/8", "::/129"):
        body = {"name": "x", "role": "till", "store": "S1", "networks": [wrong]}
        problem = refused(api, partial(api.call, "POST", "/v1/keys", body))
        assert problem["code"] in ("network_invalid", "body_invalid"), wrong


def test_a_key_of_two_stores_names_the_store_of_an_event(api):
    api.declare_events()
    _, both = api.issue("till", stores=["S1", "S2"])
    event = {"type": "review", "id": "e1", "card": api.cards[0], "data": {"stars": 5},
             "happened_at": datetime.now(UTC).isoformat()}  # fmt: skip
    said = api.call("POST", "/v1/events", event, token=both)
    assert said.json()["code"] == "store_missing", said.text
    stores = api.call("GET", "/v1/stores", token=both).json()["items"]
    assert [each["id"] for each in stores] == ["S1", "S2"]
    for store, fine in (("S1", 201), ("S2", 201), ("S3", 403)):
        assert status(api, both, "POST", "/v1/receipts", api.basket(store=store)) == fine


def test_a_fresh_token_is_told_once_and_the_old_one_ends(api):
    key_id, old = api.issue("till", "S1")
    path, call = f"/v1/keys/{key_id}/rotate", "turn-1"
    turned = api.call("POST", path, {"overlap_minutes": 60}, key=call).json()
    assert api.call("POST", path, {"overlap_minutes": 60}, key=call).json()["token"] is None
    who = {"card": api.cards[0]}
    for token in (old, turned["token"]):
        assert status(api, token, "POST", "/v1/identify", who) == 200
    last = api.call("POST", path, {"overlap_minutes": 0}).json()["token"]
    for token, fine in ((old, 401), (turned["token"], 401), (last, 200)):
        assert status(api, token, "POST", "/v1/identify", who) == fine
    listed = api.call("GET", "/v1/keys?limit=200").json()["items"]
    (mine,) = [each for each in listed if each["key_id"] == key_id]
    assert mine["rotated_at"] and mine["last_used_at"] and mine["issued_by"]
    api.call("POST", f"/v1/keys/{key_id}/revoke")
    problem = refused(api, lambda: api.call("POST", path, {"overlap_minutes": 0}))
    assert problem["code"] == "key_ended"


# What a key may give in a day --------------------------------------------------------------------


def test_a_key_gives_no_more_than_its_day_allows_however_many_ask(api):
    key_id, token = api.issue("till", "S1", mint_per_day=5 * EARNS + EARNS // 2)
    cards = api.cards[100:120]

    def sell(card: str) -> int:
        said = api.call("POST", "/v1/receipts", api.basket(card=card), token=token)
        assert said.is_success or said.json()["code"] == "mint_cap_reached", said.text
        return said.json().get("points_earned", 0)

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(sell, cards))
    assert sorted(given, reverse=True) == [EARNS] * 5 + [0] * 15
    minted = "SELECT points FROM access.minted WHERE key_id = %s"
    assert api.eye.execute(minted, (key_id,)).fetchone() == (5 * EARNS,)
    # Nothing is left of the refused ones, and what gives no points is still sold.
    of = "SELECT count(*) FROM ledger.move WHERE source = 'issued' AND points = %s"
    assert api.eye.execute(of, (EARNS,)).fetchone() is not None
    nobody = api.call("POST", "/v1/receipts", api.basket(card=None), token=token)
    assert nobody.status_code == 201
    assert api.call("POST", "/v1/receipts", api.basket(card=cards[0])).status_code == 201


def test_a_refused_receipt_is_posted_by_another_key_as_if_never_sent(api):
    _, capped = api.issue("till", "S1", mint_per_day=0)
    body = api.basket(card=api.cards[130])
    problem = refused(api, lambda: api.call("POST", "/v1/receipts", body, token=capped, key="k1"))
    assert problem["code"] == "mint_cap_reached" and problem["status"] == 409
    assert api.call("POST", "/v1/receipts", body, key="k1").json()["points_earned"] == EARNS


# Whoever comes without a key ---------------------------------------------------------------------


def test_an_address_has_one_bucket_and_a_crowd_takes_bounded_memory():
    async def work():
        gate = Gate(None, STRANGER_RATE)  # type: ignore[arg-type]  # nothing is looked up
        first = [gate.enter_anybody("10.0.0.1").refusal for _ in range(STRANGER_RATE + 1)]
        assert first[:-1] == [None] * STRANGER_RATE
        assert first[-1] is not None and first[-1].code == "too_many_calls"
        assert gate.enter_anybody("10.0.0.2").refusal is None, "nobody is locked out by others"
        for host in range(STRANGER_RATE):
            gate.enter_anybody(f"2001:db8::{host:x}")
        assert gate.enter_anybody("2001:db8::ffff").refusal is not None, "one /64"
        assert gate.enter_anybody("2001:db8:0:1::1").refusal is None
        for number in range(_ADDRESSES + 1000):
            gate.enter_anybody(f"11.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        assert len(gate._strangers) == _ADDRESSES

    asyncio.run(work())
