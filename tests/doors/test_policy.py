"""Who may do what: every operation, by every kind of caller, on every kind of object."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Literal
from uuid import uuid4

import pytest

from support import api as shops
from support import database
from support.api import Api, untouched
from support.makes import ANYBODYS, BY_ID, MAKES, OF_STORE, REFUSED
from support.promises import Promises
from support.things import STORE_OF, Things, Whose, new_member, signed_in
from tessera.access import flows
from tessera.access.core import GRANTS, POLICY, ROLES
from tessera.access.signing.core.words import RATE
from tessera.doors.till import OPERATIONS

TABLE = {operation.name: operation for operation in OPERATIONS}
WHOSE: tuple[Whose, ...] = ("own", "other", "random")
Class = Literal["allowed", 401, 403, 404]
OWN_ROLE = {"receipt.read": "own_store", "card.block": "all", "identify": "all", "key.list": "all"}


PROMISES: dict[str, Promises] = {}  # of the served shop: what is answered is what is promised


@dataclass(frozen=True)
class Caller:
    """grants: {operation: how far}; None: whose key does not work. stores: None for all."""

    token: str
    grants: Mapping[str, str] | None = None
    stores: tuple[str, ...] | None = None


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.declare_events()
        PROMISES[shop.url] = Promises(shop.client.get("/openapi.json").json())
        yield shop


@pytest.fixture(scope="module")
def me(api) -> dict[str, str]:
    """The member who crawls, where it is not about what is a member's own."""
    return new_member(api)


@pytest.fixture(scope="module")
def things(api, me) -> Things:
    return Things(api, me)


def test_every_operation_has_its_row_and_every_row_its_operation():
    assert set(POLICY) == set(TABLE)
    assert set(MAKES) == set(TABLE), "and the crawler knows how to call it"


def test_the_owner_may_all_but_what_is_a_member_s():
    for name, row in POLICY.items():
        own = set(row) & {"member", "anybody"}
        assert row.get("owner") == "all" or set(row) == own, name
        assert not own or set(row) == own, "what is a member's or anybody's is nobody else's"


def test_a_till_has_one_store_and_lists_nothing():
    for name, row in POLICY.items():
        if name.endswith((".list", ".batches", ".numbers", ".history")) and name != "store.list":
            assert "till" not in row and "partner" not in row, name
    for name in (*OF_STORE, "store.list"):
        assert POLICY[name]["till"] == "own_store", name


def test_a_crowd_at_the_door_makes_no_process_read_all_anew():
    """`refresh` reads program and stores and forgets every key: not for a stranger's call."""
    for row in OPERATIONS:
        if {"member", "anybody"} & set(POLICY[row.name]) and row.kind == "writes":
            assert not row.refresh, row.name


# Callers -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module", autouse=True)
def in_a_hurry():
    """A member may call 20 times a second, which is less than a crawler does."""
    usual, RATE["member"] = RATE["member"], shops.QUICK
    yield
    RATE["member"] = usual


@pytest.fixture(scope="module")
def callers(api, me) -> dict[str, Caller]:
    """Every built-in role, roles and keys that are narrower, and keys that do not work."""
    revoked_id, revoked = api.issue("owner")
    assert api.call("POST", f"/v1/keys/{revoked_id}/revoke").is_success
    mistyped = api.admin[:-1] + ("a" if api.admin[-1] != "a" else "b")
    made = {"name": "card-desk-s1", "grants": OWN_ROLE}
    assert api.call("POST", "/v1/roles", made).is_success
    narrow = {"receipt.read": "all", "quote": "all", "store.list": "all"}
    ends = (datetime.now(UTC) + timedelta(days=30)).isoformat()
    found = {
        "till of S1": Caller(api.till, GRANTS["till"], ("S1",)),
        "till of S2": Caller(api.other, GRANTS["till"], ("S2",)),
        "till of both": Caller(issued(api, "till", stores=["S1", "S2"]), GRANTS["till"],
                               ("S1", "S2")),
        "partner": Caller(issued(api, "partner", "S1"), GRANTS["partner"], ("S1",)),
        "own role": Caller(issued(api, "card-desk-s1", "S1"), OWN_ROLE, ("S1",)),
        "narrow": Caller(issued(api, "integrator", "S2", operations=list(narrow)), narrow, ("S2",)),
        "member": Caller(signed_in(api, me["member_id"]), GRANTS["member"]),
        "revoked": Caller(revoked), "expired": Caller(expired(api.dsn)),
        "mistyped": Caller(mistyped), "lower case": Caller(api.admin.lower()), "none": Caller(""),
    }  # fmt: skip
    for role in OFFICE:
        more = {"expires_at": ends} if role == "contractor" else {}
        found[role] = Caller(issued(api, role, **more), GRANTS[role])
    return found


OFFICE = [role for role in ROLES if role not in ("till", "partner", "member", "anybody")]
NAMES = [
    "till of S1", "till of S2", "till of both", "partner", "own role", "narrow", "member",
    "revoked", "expired", "mistyped", "lower case", "none", *OFFICE,
]  # fmt: skip


def issued(api: Api, role: str, store: str | None = None, **more: Any) -> str:
    return api.issue(role, store, **more)[1]


def expired(dsn: str) -> str:
    """The token of an owner's key whose time was over a second ago."""

    async def issue() -> str:
        now = datetime.now(UTC)
        async with await database.connect(dsn) as conn:
            _, token = await flows.issue_key(
                conn, "old", "owner", None, shops.QUICK, now - timedelta(seconds=1), now
            )
            await conn.commit()
            return token

    return asyncio.run(issue())


def expected(name: str, caller: Caller, whose: Whose) -> Class:
    """What POLICY says of this caller and this object."""
    if "anybody" in POLICY[name]:
        return "allowed"
    if caller.grants is None:
        return 401
    scope = caller.grants.get(name)
    if scope is None:
        return 403
    foreign = caller.stores is not None and STORE_OF[whose] not in caller.stores
    if foreign and name in OF_STORE:
        return 403
    if (whose == "random" or (scope == "self" and whose == "other")) and name not in ANYBODYS:
        return 404
    return 404 if foreign and name in BY_ID else "allowed"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_answer_is_what_the_policy_says(api, things, callers, name):
    """Who may not is asked about one object, and leaves no row; who may gets one of his own."""
    wrong = []
    for whose in WHOSE:
        things, asking = by_whom(api, things, callers, name)
        made = MAKES[name](things, whose)
        may = [who for who, caller in asking.items() if expected(name, caller, whose) == "allowed"]
        others = [(who, caller, whose) for who, caller in asking.items() if who not in may]
        api.settled()
        wrong += untouched(api.rows, partial(all_misjudged, api, name, others, made))
        for who in may:
            own = MAKES[name](things, whose)
            wrong += misjudged(api, name, (who, asking[who], whose), own)
    assert wrong == []


def all_misjudged(
    api: Api, name: str, asked: list[tuple[str, Caller, Whose]], made: tuple[dict[str, str], Any]
) -> list[str]:
    """Of several who ask for the same."""
    return [fault for each in asked for fault in misjudged(api, name, each, made)]


def by_whom(
    api: Api, things: Things, callers: Mapping[str, Caller], name: str
) -> tuple[Things, Mapping[str, Caller]]:
    """Who is asked. A member's own: another member each time, for he may end himself by it."""
    if "anybody" in POLICY[name]:  # nobody looks at the token: three stand for all
        return things, {who: callers[who] for who in ("none", "till of S1", "revoked")}
    if "member" not in POLICY[name]:
        return things, callers
    me = new_member(api)
    mine = Caller(signed_in(api, me["member_id"]), GRANTS["member"])
    return Things(api, me), {**callers, "member": mine}


def misjudged(
    api: Api, name: str, asked: tuple[str, Caller, Whose], made: tuple[dict[str, str], Any]
) -> list[str]:
    """What is answered, where it is not what was expected."""
    who, caller, whose = asked
    row, (path, body) = TABLE[name], made
    said = api.call(row.method, row.path.format(**path), body, token=caller.token)
    found: Any = "allowed" if said.is_success else said.status_code
    want: Any = expected(name, caller, whose)
    if found == want == "allowed":
        PROMISES[api.url].checked(name, said)
    if found == want or (want == "allowed" and found == REFUSED.get(name)):
        return []
    return [f"{name} by {who} on {whose}: {found}, not {want}: {said.text[:300]}"]


def test_every_caller_is_crawled(callers):
    assert set(callers) == set(NAMES)
    assert set(ROLES) - {"anybody", "till", "partner", "member"} == set(OFFICE)


def test_a_till_sees_its_own_store_in_the_list(api):
    stores = api.call("GET", "/v1/stores", token=api.other).json()["items"]
    assert [store["id"] for store in stores] == ["S2"]


def test_a_strangers_refusal_tells_nothing_of_what_is_there(api, things):
    """The same words, whether another store's receipt is there or not."""
    there = things.sale("other")["id"]
    said = [api.call("GET", f"/v1/receipts/{i}", token=api.till) for i in (there, uuid4())]
    assert said[0].status_code == said[1].status_code == 404
    assert said[0].content == said[1].content


@pytest.mark.parametrize("name", ["authorization", "cookie", "x-api-key"])
def test_a_token_counts_only_where_it_belongs(api, name):
    for value in (api.admin, f"Basic {api.admin}", f"Token {api.admin}"):
        said = api.call("GET", "/v1/keys", token="", headers={name: value})
        assert said.status_code == 401
        assert said.headers["www-authenticate"] == "Bearer"
    said = api.call("GET", f"/v1/keys?access_token={api.admin}", token="")
    assert said.status_code == 401


def test_a_mistake_of_ours_tells_the_log_no_token_and_no_card(api, things, monkeypatch, capsys):
    def breaks(*_: object) -> None:
        raise RuntimeError("on purpose")

    number = things.card()
    monkeypatch.setattr("tessera.doors.till.membership.flows.block_card", breaks)
    said = api.call("POST", f"/v1/cards/{number}/block", {"reason": "lost"})
    assert (said.status_code, said.json()["code"]) == (500, "broken")
    logged = "".join(capsys.readouterr())
    assert "on purpose" in logged and "block_card" in logged
    assert api.admin not in logged and number not in logged
