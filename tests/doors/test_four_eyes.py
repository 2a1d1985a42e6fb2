"""Two people are two: by no invitation, reset, key, role or program does one become both."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from support import api as shops
from support.api import Api, refused
from support.entering import GOOD, Person, call, code_of

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "adjustments": {"approval_above": 100, "per_principal_day": 100_000},
}  # fmt: skip
ROLE = {"grants": {"key.issue": "all", "identify": "all"}}
_serials = count(500)


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template, one_factor="operator") as shop:
        shop.publish(PROGRAM)
        yield shop


@pytest.fixture(scope="module")
def strict(server, template) -> Iterator[Api]:
    """Where a second person decides on owners and merges too."""
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM | {"approvals": ["owner", "merge"]})
        yield shop


def owner(api: Api) -> Person:
    """An owner at work, invited by the office."""
    return Person(api, "owner").enrol()


def invited(api: Api, by: Person, role: str) -> Person:
    """Somebody whom this one has invited."""
    his = copy(api)
    his.admin = by.token
    return Person(his, role).enrol()


def proposed(api: Api, token: str) -> dict[str, Any]:
    card = api.cards[next(_serials)]
    who = {"identifiers": [{"kind": "card", "value": card}]}
    assert api.post("/v1/members", who).status_code == 201
    body = {"member": {"card": card}, "points": 5000, "reason": "x"}
    said = call(api, token, "POST", "/v1/adjustments", body)
    assert said.status_code == 202, said.text
    return said.json()


def approve(api: Api, waits: dict[str, Any], token: str) -> Any:
    path = f"/v1/approvals/{waits['approval_id']}/approve"
    return call(api, token, "POST", path, {"hash": waits["hash"]})


def test_whom_the_proposer_resets_does_not_approve(api):
    ann, bob, eve = owner(api), owner(api), owner(api)
    waits = proposed(api, ann.token)
    told = call(api, ann.token, "POST", f"/v1/staff/{bob.id}/reset")
    bob.invitation = told.json()["invitation"]
    bob.enrol("other maple tram ox")
    assert refused(api, lambda: approve(api, waits, bob.token))["code"] == "approver_beholden"
    assert approve(api, waits, eve.token).status_code == 200


def test_whom_the_proposer_invites_does_not_approve_nor_whom_that_one_invites(api):
    ann = owner(api)
    puppet = invited(api, ann, "owner")
    second = invited(api, puppet, "manager")
    waits = proposed(api, ann.token)
    for each in (puppet, second):
        assert refused(api, partial(approve, api, waits, each.token))["code"] == (
            "approver_beholden"
        )
    api.eye.execute("UPDATE access.staff SET created_at = created_at - interval '25 hours'"
                    " WHERE id = %s", [puppet.id])  # fmt: skip
    assert approve(api, waits, second.token).status_code == 200, "long known here"


@pytest.mark.parametrize("how", ["end", "reset", "revoke"])
def test_what_somebody_proposed_who_has_left_is_not_done(api, how):
    ann, eve = owner(api), owner(api)
    key_id, key = api.issue("owner", token=ann.token)
    waits = proposed(api, key if how == "revoke" else ann.token)
    path = f"/v1/keys/{key_id}/revoke" if how == "revoke" else f"/v1/staff/{ann.id}/{how}"
    assert api.call("POST", path).is_success
    assert refused(api, lambda: approve(api, waits, eve.token))["code"] == "proposer_gone"
    path = f"/v1/approvals/{waits['approval_id']}/reject"
    assert call(api, eve.token, "POST", path, {"reason": "gone"}).is_success


def test_a_key_gets_a_new_token_from_who_issued_it(api):
    key_id, key = api.issue("owner")
    ann = owner(api)
    path = f"/v1/keys/{key_id}/rotate"
    for token in (api.somebody(), ann.token):
        problem = refused(api, partial(call, api, token, "POST", path, {}))
        assert problem["code"] == "key_of_another"
    assert call(api, key, "POST", path, {}).is_success


def test_whatever_gives_an_owner_s_rights_waits(strict):
    api, name = strict, f"r{uuid4().hex[:12]}"
    ask = {"name": "x", "email": f"{uuid4().hex}@example.org"}
    waits = api.call("POST", "/v1/roles", {"name": name, **ROLE})
    assert (waits.status_code, waits.json()["limit"]) == (202, "approvals.owner")
    assert approve(api, waits.json(), api.somebody()).is_success
    plain = f"r{uuid4().hex[:12]}"
    assert api.call("POST", "/v1/roles", {"name": plain, "grants": {"identify": "all"}}).is_success
    assert api.call("PATCH", f"/v1/roles/{plain}", {"about": "x"}).status_code == 200
    operator = Person(api).enrol()
    for method, path, body in (
        ("PATCH", f"/v1/roles/{plain}", ROLE),
        ("POST", "/v1/keys", {"name": "x", "role": name}),
        ("POST", "/v1/keys", {"name": "x", "role": "owner"}),
        ("POST", "/v1/staff", ask | {"role": name}),
        ("POST", "/v1/staff", ask | {"role": "owner"}),
        ("PATCH", f"/v1/staff/{operator.id}", {"role": name}),
        ("PATCH", f"/v1/staff/{operator.id}", {"role": "owner"}),
    ):
        said = api.call(method, path, body)
        assert (said.status_code, said.json()["limit"]) == (202, "approvals.owner"), path
    only = {"name": "x", "role": name, "operations": ["identify"]}
    assert api.call("POST", "/v1/keys", only).status_code == 201


def test_an_owner_begins_anew_by_two_and_comes_in(strict):
    """The approved invitation is told to nobody; the next one, before he is in, to who asks."""
    api = strict
    waits = api.call("POST", "/v1/staff",
                     {"name": "Ada", "email": "ada@example.org", "role": "owner"})  # fmt: skip
    # A key of another person approves as long as nobody of staff is at work.
    api.eye.execute("UPDATE access.staff SET ended_at = now()")
    made = approve(api, waits.json(), api.somebody()).json()["answer"]
    assert made["invitation"] is None
    path = f"/v1/staff/{made['staff_id']}/reset"
    told = api.call("POST", path)
    body = {"invitation": told.json()["invitation"]}
    assert api.call("POST", "/v1/sign-in/invitation", body, token="", key=None).is_success
    api.eye.execute("UPDATE access.staff SET password = 'x' WHERE id = %s", [made["staff_id"]])
    assert api.call("POST", path).status_code == 202


def test_becoming_an_owner_is_as_being_invited_as_one(api):
    ada = Person(api, "security").enrol()
    assert api.call("PATCH", f"/v1/staff/{ada.id}", {"role": "owner"}).status_code == 200


def test_a_pair_becomes_one_by_two(strict):
    api = strict
    ids = []
    for _ in range(2):
        who = {"identifiers": [{"kind": "card", "value": api.cards[next(_serials)]}]}
        ids.append(api.post("/v1/members", who).json()["member_id"])
    pair = str(uuid4())
    api.eye.execute(
        "INSERT INTO members.likely (id, one, other, weight, evidence, found_at)"
        " VALUES (%s, %s, %s, 120, '[]', now())", (pair, *sorted(ids)),
    )  # fmt: skip
    api.eye.execute("UPDATE access.staff SET ended_at = now()")
    waits = api.call("POST", f"/v1/duplicates/{pair}/same", {"reason": "registered twice"})
    assert waits.status_code == 202, waits.text
    assert pair in api.call("GET", "/v1/duplicates?limit=200").text
    direct = api.call(
        "POST", f"/v1/members/{ids[0]}/merge", {"other": ids[1], "reason": "the same"}
    )
    assert direct.status_code == 202
    done = approve(api, waits.json(), api.somebody())
    assert done.status_code == 200, done.text
    merge_id = done.json()["answer"]["merge_id"]
    log = api.call("GET", f"/v1/audit?subject={merge_id}").json()["items"]
    assert [each["subject_kind"] for each in log] == ["merge"], "as a merge is told"


@pytest.mark.parametrize(
    ("less", "status"),
    [
        ({}, 201), ({"adjustments": PROGRAM["adjustments"] | {"approval_above": 99}}, 201),
        ({"approvals": []}, 202), ({"adjustments": {}}, 202),
        ({"adjustments": PROGRAM["adjustments"] | {"approval_above": 101}}, 202),
        ({"adjustments": {"approval_above": 100}}, 202),
    ],
)  # fmt: skip
def test_nobody_alone_publishes_that_he_may_more_alone(server, template, less, status):
    with shops.fresh(server, template) as api:
        body = PROGRAM | {"approvals": ["merge"]}
        api.publish(body)
        said = api.call("POST", "/v1/program", body | less, token=api.somebody("manager"))
        assert said.status_code == status, said.text


def test_a_password_alone_does_not_go_on_in_a_role_that_asks_for_more(api):
    ada = Person(api)
    used = ada.say("/v1/sign-in/invitation/use", invitation=ada.invitation, password=GOOD)
    token = used.json()["session"]["token"]
    assert call(api, token, "GET", "/v1/sessions").status_code == 200
    assert api.call("PATCH", f"/v1/staff/{ada.id}", {"role": "manager"}).is_success
    assert call(api, token, "GET", "/v1/sessions").status_code == 401
    bob = Person(api).enrol()
    assert api.call("PATCH", f"/v1/staff/{bob.id}", {"role": "manager"}).is_success
    assert call(api, bob.token, "GET", "/v1/sessions").status_code == 200


def test_keys_end_with_the_term_of_staff_and_are_told_at_the_end(api):
    soon = datetime.now(UTC) + timedelta(days=1)
    ada = Person(api, "owner", expires_at=soon.isoformat()).enrol()
    ask = {"name": "k", "role": "manager"}
    for path, body in (
        ("/v1/keys", ask), ("/v1/keys", ask | {"expires_at": (soon + timedelta(1)).isoformat()}),
        ("/v1/staff", {"name": "x", "email": "x@example.org", "role": "manager"}),
    ):  # fmt: skip
        said = call(api, ada.token, "POST", path, body)
        assert (said.status_code, code_of(said)) == (403, "not_yours_to_give")
    ask |= {"expires_at": soon.isoformat()}
    one, two = [call(api, ada.token, "POST", "/v1/keys", ask).json()["key_id"] for _ in "ab"]
    assert api.call("POST", f"/v1/keys/{two}/revoke").is_success
    ended = api.call("POST", f"/v1/staff/{ada.id}/end").json()
    assert ended["keys"] == [{"key_id": one, "name": "k", "role": "manager"}]


def test_who_has_an_own_role_looks_after_his_own_sign_in(api):
    name = f"r{uuid4().hex[:12]}"
    role = {"name": name, "grants": {"identify": "all"}}
    assert api.call("POST", "/v1/roles", role).is_success
    ada = Person(api, name).enrol()
    for path in ("/v1/sessions", "/v1/passkeys"):
        assert call(api, ada.token, "GET", path).status_code == 200
    _, key = api.issue(name)
    assert call(api, key, "GET", "/v1/sessions").status_code == 403
