"""Who may do what: every operation, by every kind of caller, on every kind of object."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Literal
from uuid import uuid4

import pytest

from support import api as shops
from support import database
from support.api import Api
from tessera.access import flows
from tessera.access.core import POLICY, Role
from tessera.doors.till import OPERATIONS

TABLE = {operation.name: operation for operation in OPERATIONS}
PAGES = {"console.card"}  # rows of the console's, which is no part of this door
Whose = Literal["own", "other", "random"]
Class = Literal["allowed", 401, 403, 404]
_serials = count(100)
STORE_OF = {"own": "S1", "other": "S2", "random": "S9"}
EVENT = TABLE["event.post"].example


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.declare_events()
        yield shop


def test_every_operation_has_its_row_and_every_row_its_operation():
    assert set(POLICY) == set(TABLE) | PAGES


def test_a_till_has_one_store_and_lists_nothing():
    for name, row in POLICY.items():
        if name.endswith((".list", ".batches", ".numbers", ".history")) and name != "store.list":
            assert "till" not in row, name
    for name in (*OF_STORE, "store.list"):
        assert POLICY[name]["till"] == "own_store", name


# Objects: what a call is about. "own" is S1's, "other" is S2's, "random" is nobody's -----------


class Things:
    """Makes what calls are about, through the door, by the office."""

    def __init__(self, api: Api) -> None:
        self.api = api

    def card(self) -> str:
        """A card that somebody has."""
        number = self.api.cards[next(_serials)]
        self.made("/v1/members", {"identifiers": [{"kind": "card", "value": number}]})
        return number

    def member(self) -> str:
        who = [{"kind": "external", "value": uuid4().hex}]
        return self.made("/v1/members", {"identifiers": who})["member_id"]

    def sale(self, whose: Whose) -> dict[str, Any]:
        """A posted sale's own words; of a store that does not exist, one that was not."""
        sale = self.api.basket(store=STORE_OF[whose], business_date="2026-11-20")
        sale["happened_at"] = "2026-11-20T10:00:00+01:00"
        if whose != "random":
            sale["id"] = self.made("/v1/receipts", sale)["id"]
        return sale

    def quote(self, whose: Whose) -> str:
        if whose == "random":
            return str(uuid4())
        body = {"basket": self.api.basket(store=STORE_OF[whose]), "hold": True}
        return self.made("/v1/quotes", body)["id"]

    def account(self) -> str:
        return self.made("/v1/identify", {"card": self.api.cards[0]})["account_id"]

    def party(self, points: int = 100) -> dict[str, str]:
        """Somebody with a card and so many points, which expire in 2098."""
        card = {"card": self.card()}
        if points:
            body = {"member": card, "points": points, "reason": "goodwill"}
            self.made("/v1/adjustments", body | {"expires_at": "2098-01-01T00:00:00Z"})
        return card

    def made(self, path: str, body: Any) -> Any:
        said = self.api.call("POST", path, body)
        assert said.is_success, said.text
        return said.json()


def give_back(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    sale = things.sale(whose)
    names = ("store", "till", "business_date", "number")
    body = things.api.basket(store=sale["store"], happened_at="2026-11-20T11:00:00+01:00")
    kept = {name: body[name] for name in ("store", "till", "number", "happened_at")}
    return {}, {**kept, "sale": {name: sale[name] for name in names} | {"shift": ""}}


def basket(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    return {}, things.api.basket(store=STORE_OF[whose])


def event(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    body = EVENT | {"id": uuid4().hex, "card": things.api.cards[0], "store": STORE_OF[whose]}
    return {}, body | {"happened_at": datetime.now(UTC).isoformat()}


def batch(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    known = things.made("/v1/card-batches", {"prefix": "27", "count": 1})["batch_id"]
    return {"batch_id": str(uuid4()) if whose == "random" else known}, None


def operation(**body: Any) -> Callable[[Things, Whose], tuple[dict[str, str], Any]]:
    """Something done with the points of a member who has 100; nobody's account has none."""
    nobody = {"account_id": str(uuid4())}
    return lambda things, whose: (
        {}, body | {"member": nobody if whose == "random" else things.party()}
    )  # fmt: skip


def card(body: Any) -> Callable[[Things, Whose], tuple[dict[str, str], Any]]:
    return lambda things, whose: ({"number": "x" if whose == "random" else things.card()}, body)


def by_member(body: Any = None) -> Callable[[Things, Whose], tuple[dict[str, str], Any]]:
    def make(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
        member = str(uuid4()) if whose == "random" else things.member()
        fresh = {"kind": "external", "value": uuid4().hex} if body else None
        return {"member_id": member}, fresh

    return make


def key(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    return {"key_id": str(uuid4()) if whose == "random" else things.api.issue("admin")[0]}, None


def rollback(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    """To a version that offers what the other operations ask for."""
    offered = things.made("/v1/program", TABLE["program.publish"].example)["version"]
    return {}, {"version": 10**6 if whose == "random" else offered}


def incident(things: Things, whose: Whose) -> tuple[dict[str, str], Any]:
    opened = {"kind": f"till_{uuid4().hex[:8]}", "detail": "off"}
    known = things.made("/v1/incidents", opened)["incident_id"]
    return {"incident_id": str(uuid4()) if whose == "random" else known}, {"text": "seen"}


def plain(body: Any = None) -> Callable[[Things, Whose], tuple[dict[str, str], Any]]:
    return lambda things, whose: ({}, body)


MAKES: dict[str, Callable[[Things, Whose], tuple[dict[str, str], Any]]] = {
    "identify": lambda t, w: ({}, {"card": "1" if w == "random" else t.api.cards[0]}),
    "quote": lambda t, w: ({}, {"basket": t.api.basket(store=STORE_OF[w])}),
    "quote.cancel": lambda t, w: ({"quote_id": t.quote(w)}, None),
    "receipt.confirm": basket,
    "receipt.checkout": basket,
    "receipt.bulk": lambda t, w: ({}, {"sale": t.api.basket(store="S1")}),
    "allowance.issue": lambda t, w: (
        {}, {"store": STORE_OF[w], "till": "1", "card": t.api.cards[0]}
    ),
    "allowance.key": plain(),
    "receipt.return": give_back,
    "receipt.read": lambda t, w: ({"receipt_id": t.sale(w).get("id", str(uuid4()))}, None),
    "receipt.history": lambda t, w: (
        {"account_id": "x" if w == "random" else t.account()}, None
    ),
    "member.register": lambda t, w: (
        {}, {"identifiers": [{"kind": "external", "value": uuid4().hex}]}
    ),
    "event.post": event,
    "transfer.send": lambda t, w: (
        {}, {"sender": {"card": "1"} if w == "random" else t.party(), "receiver": t.party(0),
             "points": 10, "store": STORE_OF[w]}
    ),
    "donation.make": operation(points=10, cause="forest"),
    "exchange.make": operation(points=10, into="miles"),
    "adjustment.make": operation(points=10, reason="goodwill"),
    "extension.make": operation(
        before="2098-12-31T00:00:00Z", until="2099-12-31T00:00:00Z", reason="goodwill"
    ),
    "points.read": lambda t, w: (
        {"account_id": str(uuid4()) if w == "random" else t.account()}, None
    ),
    "points.history": lambda t, w: (
        {"account_id": str(uuid4()) if w == "random" else t.account()}, None
    ),
    "event.history": lambda t, w: (
        {"account_id": "x" if w == "random" else t.account()}, None
    ),
    "member.read": by_member(),
    "member.change": lambda t, w: (
        {"member_id": str(uuid4()) if w == "random" else t.member()}, {"favourites": ["LATTE"]}
    ),
    "member.list": plain(),
    "member.identifier": by_member(body=True),
    "card.issue": plain({"prefix": "26", "count": 1}),
    "card.batches": plain(),
    "card.numbers": batch,
    "card.block": card({"reason": "lost"}),
    "card.unblock": card(None),
    "card.replace": lambda t, w: (
        {"number": "x" if w == "random" else t.card()}, {"new": t.api.cards[next(_serials)]}
    ),
    "store.put": lambda t, w: (
        {"store_id": STORE_OF[w]}, {"name": "x", "time_zone": "Europe/Rome"}
    ),
    "store.list": plain(),
    "key.issue": plain({"name": "x", "role": "admin"}),
    "key.list": plain(),
    "key.revoke": key,
    "points.outstanding": plain(),
    "incident.list": plain(),
    "incident.open": lambda t, w: ({}, {"kind": f"till_{uuid4().hex[:8]}", "detail": "off"}),
    "incident.note": incident,
    "incident.close": incident,
    "program.publish": plain(TABLE["program.publish"].example),
    "program.read": plain(),
    "program.check": plain(TABLE["program.check"].example),
    "program.announce": plain(TABLE["program.announce"].example),
    "program.rollback": rollback,
    "program.versions": plain(),
    "program.version": lambda t, w: ({"version": "x" if w == "random" else "1"}, None),
}  # fmt: skip

# Objects that are there for everybody, or made by the call: nobody's does not exist among them.
ANYBODYS = {
    "member.register", "member.list", "card.issue", "card.batches", "store.put", "store.list",
    "points.outstanding", "key.issue", "key.list", "incident.list", "incident.open",
    "program.publish", "program.read", "program.check", "program.announce", "program.versions",
    "allowance.key",
    "receipt.bulk",  # each of its lines is judged for itself: tests/doors/test_bulk.py
}  # fmt: skip
BY_ID = {"receipt.read", "quote.cancel"}  # the object's store is not said but known
OF_STORE = {
    "quote", "receipt.confirm", "receipt.checkout", "receipt.return", "event.post",
    "allowance.issue", "transfer.send",
}  # fmt: skip


# Callers -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokens(api) -> dict[str, tuple[str, Role | None, str | None]]:
    """Every kind of caller: token, role, store. No role: whose key does not work."""
    revoked_id, revoked = api.issue("admin")
    assert api.call("POST", f"/v1/keys/{revoked_id}/revoke").is_success
    mistyped = api.admin[:-1] + ("a" if api.admin[-1] != "a" else "b")
    return {
        "till of S1": (api.till, "till", "S1"),
        "till of S2": (api.other, "till", "S2"),
        "office": (api.admin, "admin", None),
        "revoked": (revoked, None, None),
        "expired": (expired(api.dsn), None, None),
        "mistyped": (mistyped, None, None),
        "lower case": (api.admin.lower(), None, None),
        "none": ("", None, None),
    }


def expired(dsn: str) -> str:
    """The token of an administrator's key whose time was over a second ago."""

    async def issue() -> str:
        now = datetime.now(UTC)
        async with await database.connect(dsn) as conn:
            _, token = await flows.issue_key(
                conn, "old", "admin", None, shops.QUICK, now - timedelta(seconds=1), now
            )
            await conn.commit()
            return token

    return asyncio.run(issue())


def expected(name: str, role: Role | None, store: str | None, whose: Whose) -> Class:
    """What POLICY says of this caller and this object."""
    if role is None:
        return 401
    scope = POLICY[name].get(role)
    if scope is None:
        return 403
    foreign = scope == "own_store" and STORE_OF[whose] != store
    if foreign and name in OF_STORE:
        return 403
    if whose == "random" and name not in ANYBODYS:
        return 404
    if foreign and name in BY_ID:
        return 404
    return "allowed"


CALLERS = (
    "till of S1", "till of S2", "office", "revoked", "expired", "mistyped", "lower case", "none",
)  # fmt: skip


@pytest.mark.parametrize("whose", ["own", "other", "random"])
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", sorted(TABLE))
def test_the_answer_is_what_the_policy_says(api, tokens, name, caller, whose):
    row, (token, role, store) = TABLE[name], tokens[caller]
    path, body = MAKES[name](Things(api), whose)
    before = api.rows()
    said = api.call(row.method, row.path.format(**path), body, token=token)
    found: Any = "allowed" if said.is_success else said.status_code
    assert found == expected(name, role, store, whose), said.text
    if not said.is_success:
        assert api.rows() == before, "who may not has changed nothing"


def test_every_caller_is_crawled(tokens):
    assert set(tokens) == set(CALLERS)


def test_a_till_sees_its_own_store_in_the_list(api):
    stores = api.call("GET", "/v1/stores", token=api.other).json()["items"]
    assert [store["id"] for store in stores] == ["S2"]


def test_a_strangers_refusal_tells_nothing_of_what_is_there(api):
    """The same words, whether another store's receipt is there or not."""
    there = Things(api).sale("other")["id"]
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


def test_a_mistake_of_ours_tells_the_log_no_token_and_no_card(api, monkeypatch, capsys):
    def breaks(*_: object) -> None:
        raise RuntimeError("on purpose")

    number = Things(api).card()
    monkeypatch.setattr("tessera.doors.till.membership.flows.block_card", breaks)
    said = api.call("POST", f"/v1/cards/{number}/block", {"reason": "lost"})
    assert (said.status_code, said.json()["code"]) == (500, "broken")
    logged = "".join(capsys.readouterr())
    assert "on purpose" in logged and "block_card" in logged
    assert api.admin not in logged and number not in logged
