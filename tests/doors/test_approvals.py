"""Four eyes over HTTP: what one proposes another one decides, once, and exactly that."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from support import api as shops
from support.api import Api, refused
from support.crowd import together
from support.proving import differences
from tessera.doors.till import OPERATIONS

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "adjustments": {"approval_above": 100, "per_principal_day": 100_000},
    "approvals": ["publish"],
}  # fmt: skip
_serials = count(10)


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def member(api: Api) -> dict[str, str]:
    card = api.cards[next(_serials)]
    who = {"identifiers": [{"kind": "card", "value": card}]}
    assert api.post("/v1/members", who).status_code == 201
    return {"card": card}


def adjust(api: Api, who: dict[str, str], points: int, token: str, **how: Any) -> Any:
    body = {"member": who, "points": points, "reason": "goodwill"}
    return api.call("POST", "/v1/adjustments", body, token=token, **how)


def points(api: Api, who: dict[str, str]) -> int:
    return api.post("/v1/identify", who).json()["balance"]["available"]


def decide(api: Api, proposed: dict[str, Any], what: str, token: str, **how: Any) -> Any:
    body = {"approve": {"hash": proposed["hash"]}, "reject": {"reason": "no"}}.get(what)
    return api.call("POST", f"/v1/approvals/{proposed['approval_id']}/{what}",
                    body, token=token, **how)  # fmt: skip


def denied(api: Api, waits: dict[str, Any], what: str, token: str) -> dict[str, Any]:
    """The problem that somebody is answered who may not decide so."""
    return refused(api, lambda: decide(api, waits, what, token))


def proposed(api: Api, token: str, points: int = 500) -> tuple[dict[str, str], dict[str, Any]]:
    """A member who has nothing, and a proposal to change that."""
    who = member(api)
    said = adjust(api, who, points, token)
    assert said.status_code == 202, said.text
    return who, said.json()


def test_what_is_above_the_limit_waits_for_another_person(api):
    mine, others = api.somebody(), api.somebody("manager")
    key = uuid4().hex
    who = member(api)
    assert adjust(api, who, 100, mine, key=uuid4().hex).status_code == 201
    said = adjust(api, who, 1, mine, key=key)
    assert said.status_code == 202
    assert said.json()["why"] == "1 points asked, 100 were adjusted by you today; alone up to 100"
    again = adjust(api, who, 1, mine, key=key)
    assert (again.status_code, again.content) == (202, said.content)
    assert points(api, who) == 100
    waits = said.json()
    read = api.call("GET", f"/v1/approvals/{waits['approval_id']}", token=others).json()
    assert read["state"] == "open" and read["hash"] == waits["hash"]
    body = read["body"]
    assert (body["member"]["card"], body["points"], body["reason"]) == (who["card"], 1, "goodwill")
    done = decide(api, waits, "approve", others)
    assert done.status_code == 200, done.text
    assert done.json()["status"] == 201 and done.json()["answer"]["to_points"] == 1
    assert points(api, who) == 101
    read = api.call("GET", f"/v1/approvals/{waits['approval_id']}", token=mine).json()
    assert read["state"] == "approved" and read["body"] is None
    assert adjust(api, who, 1, mine, key=key).content == said.content


def test_what_waits_and_what_was_approved_is_no_difference_to_the_proof(api):
    mine, others = api.somebody(), api.somebody()
    for what in ("approve", "reject", "wait"):
        _, waits = proposed(api, mine)
        if what != "wait":
            assert decide(api, waits, what, others).status_code == 200
    assert differences(api.dsn) == []


def test_ten_times_nearly_the_limit_is_caught(api):
    """By one person over many members, and of one member by many people."""
    mine = api.somebody()
    codes = [adjust(api, member(api), 99, mine).status_code for _ in range(3)]
    assert codes == [201, 202, 202]
    who = member(api)
    codes = [adjust(api, who, 99, api.somebody()).status_code for _ in range(3)]
    assert codes == [201, 202, 202]


def test_what_was_approved_does_not_use_up_what_one_may_alone(api):
    mine, others = api.somebody(), api.somebody()
    who, waits = proposed(api, mine)
    assert decide(api, waits, "approve", others).status_code == 200
    assert adjust(api, who, 100, mine).status_code == 201
    assert adjust(api, who, 1, mine).status_code == 202


def test_nobody_decides_on_what_he_proposed_with_whatever_key(api):
    mine = api.somebody()
    _, own = api.issue("owner", token=mine)
    _, owns = api.issue("owner", token=own)
    for token in (mine, own, owns):
        _, waits = proposed(api, token)
        for other in (mine, own, owns):
            for what in ("approve", "reject"):
                problem = denied(api, waits, what, other)
                assert problem["code"] == "own_proposal"


def test_who_may_not_do_it_may_not_approve_it(api):
    _, waits = proposed(api, api.somebody())
    problem = denied(api, waits, "approve", api.somebody("security"))
    assert problem["code"] == "approval_unknown", "nor see it"
    assert denied(api, waits, "approve", api.somebody("operator"))["code"] == ("not_allowed")


def test_an_approval_is_of_what_was_read(api):
    _, waits = proposed(api, api.somebody())
    other = waits | {"hash": "0" * 64}
    problem = denied(api, other, "approve", api.somebody())
    assert problem["code"] == "approval_other"
    api.eye.execute("UPDATE access.approval SET hash = decode(%s, 'hex') WHERE id = %s",
                    [other["hash"], waits["approval_id"]])  # fmt: skip
    problem = denied(api, other, "approve", api.somebody())
    assert problem["code"] == "approval_other", "nor by somebody who changed the row"


@pytest.mark.parametrize(("what", "state"), [("reject", "rejected"), ("withdraw", "withdrawn")])
def test_what_is_rejected_or_withdrawn_is_never_done(api, what, state):
    mine, others = api.somebody(), api.somebody()
    who, waits = proposed(api, mine)
    if what == "withdraw":
        assert denied(api, waits, what, others)["code"] == "not_allowed"
    said = decide(api, waits, what, mine if what == "withdraw" else others)
    assert said.status_code == 200 and said.json()["state"] == state
    for then in ("approve", "reject"):
        assert denied(api, waits, then, others)["code"] == "approval_decided"
    assert points(api, who) == 0


def test_of_two_who_approve_at_once_one_does(api):
    who, mine = member(api), api.somebody()
    assert adjust(api, who, 1, mine).status_code == 201  # so that there is a row to wait for
    waits = adjust(api, who, 500, mine).json()
    tokens = [api.somebody() for _ in range(3)]
    calls = [lambda t=token: decide(api, waits, "approve", t) for token in tokens]
    said = together(api, calls, waiting=3)
    assert sorted(each.status_code for each in said) == [200, 409, 409]
    assert {each.json()["code"] for each in said if each.status_code == 409} == {"approval_decided"}
    assert points(api, who) == 501


def test_what_cannot_be_done_leaves_the_proposal_open(api):
    mine, others = api.somebody(), api.somebody()
    who, waits = proposed(api, mine, -500)
    problem = denied(api, waits, "approve", others)
    assert problem["code"] == "points_short"
    read = api.call("GET", f"/v1/approvals/{waits['approval_id']}", token=others).json()
    assert read["state"] == "open" and read["body"]["member"]["card"] == who["card"]


def test_a_proposal_ends_after_a_day_and_its_body_with_it(api):
    mine = api.somebody()
    _, waits = proposed(api, mine)
    api.eye.execute(
        "UPDATE access.approval SET proposed_at = proposed_at - interval '24 hours',"
        " expires_at = expires_at - interval '24 hours' WHERE id = %s", [waits["approval_id"]]
    )  # fmt: skip
    problem = denied(api, waits, "approve", api.somebody())
    assert problem["code"] == "approval_expired"
    read = api.call("GET", f"/v1/approvals/{waits['approval_id']}", token=mine).json()
    assert read["state"] == "expired" and read["body"] is None


def test_the_list_tells_each_what_is_for_him(api):
    mine = api.somebody("operator")
    _, waits = proposed(api, mine)
    for token, there in (
        (mine, True), (api.somebody("manager"), True), (api.somebody("security"), False),
    ):  # fmt: skip
        said = api.call("GET", "/v1/approvals?state=open&limit=200", token=token).json()
        assert (waits["approval_id"] in [each["approval_id"] for each in said["items"]]) is there
    page = api.call("GET", "/v1/approvals?limit=1", token=mine).json()
    then = api.call("GET", f"/v1/approvals?cursor={page['next']}", token=mine).json()
    assert waits["approval_id"] not in [each["approval_id"] for each in then["items"]]
    assert api.call("GET", "/v1/approvals?state=shut").json()["code"] == "query_invalid"


def test_the_log_names_both(api):
    mine, others = api.somebody(), api.somebody()
    who, waits = proposed(api, mine)
    done = decide(api, waits, "approve", others).json()["answer"]

    def log(**query: str) -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {api.admin}"}
        return api.client.get("/v1/audit", params=query, headers=headers).json()["items"]

    approved, began = log(subject=waits["approval_id"])
    assert began["operation"] == "adjustment.make" and began["after"]["state"] == "open"
    assert approved["operation"] == "approval.approve"
    assert approved["after"]["proposed_by"] == began["by"]["principal_id"]
    assert approved["by"]["principal_id"] != began["by"]["principal_id"]
    (given,) = log(subject=done["account_id"])
    assert given["operation"] == "adjustment.make" and given["after"]["to_points"] == 500
    assert given["approval_id"] == approved["approval_id"] == waits["approval_id"]
    assert given["by"] == approved["by"]
    del who


def test_a_program_is_published_by_two(api):
    mine, others = api.somebody(), api.somebody()
    body = PROGRAM | {"name": "Next"}
    before = api.call("GET", "/v1/program").json()
    waits = api.call("POST", "/v1/program", body, token=mine)
    assert waits.status_code == 202, waits.text
    assert api.call("GET", "/v1/program").json() == before
    assert api.call("POST", "/v1/program", body | {"rules": 1}, token=mine).status_code == 422
    said = decide(api, waits.json(), "approve", others)
    assert said.status_code == 200, said.text
    assert api.call("GET", "/v1/program").json()["program"]["name"] == "Next"


def test_a_person_has_so_many_open_and_no_more(server, template):
    with shops.fresh(server, template) as api:
        api.publish(PROGRAM)
        mine, who = api.somebody(), member(api)
        codes = [adjust(api, who, 500, mine).status_code for _ in range(100)]
        assert set(codes) == {202}
        problem = refused(api, lambda: adjust(api, who, 500, mine))
        assert problem["code"] == "too_many_proposals"
        assert adjust(api, who, 500, api.somebody()).status_code == 202


def test_a_body_that_waits_is_readable_nowhere(api):
    """Neither in the row nor, once it is decided, with its key."""
    _, waits = proposed(api, api.somebody())
    row = api.eye.execute("SELECT payload, a::text FROM access.approval AS a WHERE id = %s",
                          [waits["approval_id"]]).fetchone()  # fmt: skip
    assert b"goodwill" not in row[0] and b"goodwill".hex() not in row[1]
    assert decide(api, waits, "reject", api.somebody()).is_success
    key = api.eye.execute("SELECT key FROM access.seal_key WHERE person_id = %s",
                          [waits["approval_id"]]).fetchone()  # fmt: skip
    assert key == (None,)


def test_whatever_may_wait_says_so_in_its_row():
    """By what its handler may answer: the reference then tells of 202."""
    waits = {
        each.name
        for each in OPERATIONS
        if "Awaiting" in str(each.handler.__annotations__["return"])
    }
    assert waits and waits <= {each.name for each in OPERATIONS if each.four_eyes}


def test_an_owner_is_made_by_two_where_the_program_says_so(server, template):
    """The token of a key that waited is told to nobody: its proposer gives it a new one."""
    with shops.fresh(server, template) as api:
        api.publish(PROGRAM | {"approvals": ["owner"]})
        mine, others = api.somebody(), api.somebody()
        ask = {"name": "Second", "role": "owner"}
        waits = api.call("POST", "/v1/keys", ask, token=mine)
        assert waits.status_code == 202, waits.text
        assert api.call("POST", "/v1/keys", ask | {"role": "manager"}, token=mine).is_success
        done = decide(api, waits.json(), "approve", others)
        assert done.status_code == 200, done.text
        key = done.json()["answer"]
        assert key["token"] is None and key["role"] == "owner"
        turned = api.call("POST", f"/v1/keys/{key['key_id']}/rotate", {"overlap_minutes": 0},
                          token=mine)  # fmt: skip
        own = turned.json()["token"]
        _, theirs = proposed(api, mine)
        assert denied(api, theirs, "approve", own)["code"] == "own_proposal"
