"""Not a byte of a hidden rule in anything that a till is answered; staff see all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from support import api as shops
from support.api import Api
from support.makes import MAKES
from support.things import Things
from tessera.access.core import POLICY
from tessera.doors.till import OPERATIONS

HOME = ZoneInfo("Europe/Rome")
TABLE = {operation.name: operation for operation in OPERATIONS}
CALLABLE = sorted(name for name, row in POLICY.items() if "till" in row)
# Nobody else says these: ids, names, titles, condition values and thresholds of hidden rules.
CANARY = "cAnArY"
NUMBERS = ("77431", "774.31", "83", "88123", "881.23")
MECHANICS = ("surprise", "date_gift", "sum_threshold", "event_gift", "percent_off", "first_time")
OPEN = [
    {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
    {"id": "third", "mechanic": "every_nth_free", "product": "LATTE", "n": 4},
    {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
]  # fmt: skip


def secret(n: int, mechanic: str, **more: Any) -> dict[str, Any]:
    """A hidden rule that bears canaries wherever a rule can bear a word."""
    either = [{"store": ["S1", "S2", f"{CANARY}-store"]}, {"store": f"{CANARY}-2"}]
    return {
        "id": f"{CANARY}-{n}", "name": f"{CANARY} name", "mechanic": mechanic, "hidden": True,
        "when": {"any": either}, **more,
    }  # fmt: skip


def prize(**what: Any) -> dict[str, Any]:
    return {**what, "title": f"{CANARY} title"}


HIDDEN = [
    secret(1, "surprise", prize=prize(points=11), caps=[{"per": "receipt", "most": 7}]),
    secret(2, "date_gift", prize=prize(gift="CUP"), caps=[],
           dates=["01-01..12-31"]),
    secret(3, "percent_off", percent=7, of={"skus": ["LATTE", f"{CANARY}-sku"]}),
    secret(4, "sum_threshold", from_minor=77431, prize=prize(coupon="BACK")),
    secret(5, "event_gift", type="survey", prize=prize(points=13), caps=[]),
    secret(6, "event_gift", type="survey", field="score", at_least=83, prize=prize(points=1)),
    secret(7, "first_time", categories=[f"{CANARY}-cat"], prize=prize(points=1)),
]  # fmt: skip
PROGRAM: dict[str, Any] = {
    "name": "Hidden", "currency": "EUR", "rules": [*OPEN, *HIDDEN],
    "events": {"survey": {"fields": {"score": {"type": "integer", "required": False}}}},
    "attributes": {"pets": {"type": "integer"}},
    "offline": {"points": 50}, "transfers": {"gift": {}},
}  # fmt: skip
_serials = count(300)


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        publish(shop, PROGRAM)
        yield shop


def publish(api: Api, program: dict[str, Any]) -> None:
    said = api.call("POST", "/v1/program", program)
    assert said.status_code == 201, said.text


# Every way in which a till is answered -----------------------------------------------------------


class Till:
    """A till's key, and everything it was ever answered."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.heard: list[httpx.Response] = []
        self.done: set[str] = set()

    def __call__(
        self, name: str, body: Any = None, *, key: str = "", query: str = "", **path: str
    ) -> Any:  # fmt: skip
        row = TABLE[name]
        address = row.path.format(**path) + query
        said = self.api.call(row.method, address, body, token=self.api.till, key=key)
        self.heard.append(said)
        if said.is_success:
            self.done.add(name)
        lines = said.headers["content-type"].endswith("ndjson")
        return said.text if lines else said.json()

    def text(self) -> str:
        """All of it: bodies, and what the headers say."""
        return "\n".join(f"{said.headers}\n{said.text}" for said in self.heard)


def sale(api: Api, lattes: int = 2, **more: Any) -> dict[str, Any]:
    total = 250 * lattes + 400
    lines = [
        {"sku": "LATTE", "quantity": lattes, "unit_minor": 250},
        {"sku": "CAKE", "quantity": 1, "unit_minor": 400},
    ]
    return api.basket(lines=lines, total_minor=total, **more)


def back(of: dict[str, Any], number: str, *lines: tuple[int, int]) -> dict[str, Any]:
    day = datetime.fromisoformat(of["happened_at"]).astimezone(HOME).date()
    named = {"lines": [{"line": line, "quantity": units} for line, units in lines]}
    return {
        "sale": {name: of[name] for name in ("store", "till", "number")}
        | {"business_date": str(day), "shift": ""},
        "store": "S1", "till": "1", "number": number, "happened_at": of["happened_at"],
    } | (named if lines else {})  # fmt: skip


def receipts(api: Api, till: Till, card: str) -> None:
    """Confirm, replay, another number, spend, refusals, read, history."""
    key, body = uuid4().hex, sale(api, card=card)
    told = till("receipt.confirm", body, key=key)
    kinds = [effect["kind"] for effect in told["effects"]]
    assert kinds == ["discount", "points", "points", "gift"]
    assert till("receipt.confirm", body, key=key) == told
    till("receipt.confirm", body, key=uuid4().hex)
    till("receipt.confirm", body | {"total_minor": 1}, key=key)
    api.eye.execute("DELETE FROM access.answer WHERE outcome_id = %s", (told["id"],))
    assert till("receipt.confirm", body, key=key)["retold"]
    till("receipt.read", receipt_id=told["id"])
    till("receipt.read", receipt_id=told["id"], query="?explain=all")
    till("receipt.history", account_id=till("identify", {"card": card})["account_id"])
    till("receipt.checkout", sale(api, card=card))
    till("receipt.checkout", sale(api, card=None))
    till("receipt.confirm", sale(api, card=card, spend={"points": 20}))
    for spend in (1, 10**9):
        till("receipt.confirm", sale(api, card=card, spend={"points": spend}))
        till("receipt.confirm", sale(api, spend={"points": spend}))
    for wrong in ({"store": "S9"}, {"currency": "USD"}, {"total_minor": 1}, {"nonsense": 1}):
        till("receipt.confirm", sale(api) | wrong)


def returns(api: Api, till: Till, card: str) -> None:
    """A part, the rest, too much, before its sale, told again."""
    body = sale(api, card=card)
    till("receipt.confirm", body)
    number = f"b{next(_serials)}"
    key = uuid4().hex
    first = till("receipt.return", back(body, number, (1, 1)), key=key)
    api.eye.execute("DELETE FROM access.answer WHERE outcome_id = %s", (first["id"],))
    assert till("receipt.return", back(body, number, (1, 1)), key=key)["retold"]
    till("receipt.return", back(body, f"b{next(_serials)}", (1, 9)))
    whole = till("receipt.return", back(body, f"b{next(_serials)}"))
    assert whole["take_back"] == [{"kind": "gift", "item": "CUP", "count": 1}]
    till("receipt.read", receipt_id=whole["id"])
    till("receipt.return", back(body, f"b{next(_serials)}"))
    late = sale(api, card=card)
    assert till("receipt.return", back(late, f"b{next(_serials)}", (1, 1)))["kind"] == "parked"
    till("receipt.confirm", late)


def quotes(api: Api, till: Till, card: str) -> None:
    """Dry, held, told again, confirmed in time, overtaken with differences, cancelled."""
    till("quote", {"basket": sale(api, card=card)})
    body, key = sale(api, card=card), uuid4().hex
    held = till("quote", {"basket": body, "hold": True}, key=key)
    api.eye.execute("DELETE FROM access.answer WHERE outcome_id = %s", (held["id"],))
    assert till("quote", {"basket": body, "hold": True}, key=key)["retold"]
    assert "differences" not in till("receipt.confirm", body | {"quote": held["id"]})
    held = till("quote", {"basket": sale(api, card=card), "hold": True})
    other = sale(api, 5, card=card, quote=held["id"])
    differences = till("receipt.confirm", other)["differences"]
    assert {"rule": "", "what": "discount"}.items() <= differences[0].items()
    held = till("quote", {"basket": sale(api, card=card), "hold": True})
    till("quote.cancel", quote_id=held["id"])
    till("quote.cancel", quote_id=str(uuid4()))
    till("quote", {"basket": sale(api, card=card, spend={"points": 10**9}), "hold": True})


def events(api: Api, till: Till, card: str) -> None:
    """Told, told again, wrong ones."""
    body: dict[str, Any] = {
        "type": "survey", "id": uuid4().hex, "card": card, "data": {"score": 9},
        "happened_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    key = uuid4().hex
    told = till("event.post", body, key=key)
    assert told["points_earned"] == 13
    api.eye.execute("DELETE FROM access.answer WHERE outcome_id = %s", (told["id"],))
    assert till("event.post", body, key=key)["retold"]
    for wrong in ({}, {"type": "wedding", "id": "x"}, {"id": "y", "data": {"score": "9"}}):
        till("event.post", body | wrong)
    till("event.history", account_id=till("identify", {"card": card})["account_id"])


def others(api: Api, till: Till, card: str) -> None:
    """What is left of what a till may, and what it may not."""
    who = [{"kind": "external", "value": uuid4().hex}]
    till("member.register", {"identifiers": who, "attributes": {"pets": 1}})
    till("member.register", {"identifiers": who, "attributes": {"pets": "many", "x": 1}})
    till("identify", {"card": "1"})
    till("store.list")
    for name in sorted(set(TABLE) - set(CALLABLE)):
        words = re.findall(r"{(\w+)}", TABLE[name].path)
        said = till(name, TABLE[name].example, **{word: str(uuid4()) for word in words})
        assert "anybody" in POLICY[name] or said["code"] == "not_allowed", name
    for address in ("/openapi.json", "/v1/nothing", "/ready", "/v1/rules"):
        till.heard.append(api.call("GET", address, token=api.till))
    till.heard.append(api.call("POST", "/v1/receipts", b"{", token=api.till))


def cut_off(api: Api, till: Till, card: str) -> None:
    """What a till may spend alone, what it sends afterwards, one of them after the other."""
    till("allowance.key")
    till("receipt.confirm", sale(api, 40, card=card))
    told = till("allowance.issue", {"card": card, "store": "S1", "till": "1"})
    late = sale(api, card=card, spend={"points": 5}) | {"offline": True}
    night = [{"sale": late | {"allowance": told["token"]}}, {"sale": sale(api, card=card)}]
    night += [{"sale": sale(api, card=card) | {"total_minor": 1}}, {"return": {}}]
    till("receipt.bulk", b"\n".join(json.dumps(each).encode() for each in night))


def to_others(api: Api, till: Till, card: str) -> None:
    """Points for another member; too many of them."""
    till("receipt.confirm", sale(api, 40, card=card))
    other = api.cards[next(_serials)]
    till("receipt.confirm", sale(api, card=other))
    for points in (10, 10**9):
        body = {"kind": "gift", "sender": {"card": card}, "receiver": {"card": other},
                "points": points, "store": "S1"}  # fmt: skip
        till("transfer.send", body)


WAYS: tuple[Callable[[Api, Till, str], None], ...] = (
    receipts, returns, quotes, events, cut_off, to_others, others
)  # fmt: skip


def everything(api: Api) -> Till:
    """A till that has called all it may, in every way we know of."""
    till = Till(api)
    for way in WAYS:
        card = api.cards[next(_serials)]
        api.call("POST", "/v1/members", {"identifiers": [{"kind": "card", "value": card}]})
        way(api, till, card)
    card = api.cards[next(_serials)]
    who = {"identifiers": [{"kind": "card", "value": card}]}
    me = api.call("POST", "/v1/members", who).json() | {"card": card}
    for name in sorted(set(CALLABLE) - till.done):  # as the crawler of test_policy.py calls it
        path, body = MAKES[name](Things(api, me), "own")
        till(name, body, **path)
    return till


def leaks(text: str) -> Iterator[str]:
    """What of the hidden rules' words is in there."""
    if CANARY.lower() in text.lower():
        at = text.lower().index(CANARY.lower())
        yield text[max(at - 80, 0) : at + 80]
    for word in MECHANICS:
        if word in text:
            yield word


# The canaries ------------------------------------------------------------------------------------


def test_a_till_hears_nothing_of_a_hidden_rule(api):
    till = everything(api)
    assert till.done >= set(CALLABLE), "every operation that a till may call was answered"
    text = till.text()
    assert list(leaks(text)) == []
    for said in till.heard:
        if "application/json" in said.headers["content-type"] and "/v1/" in str(said.url):
            assert list(told_numbers(said.json(), set(NUMBERS))) == []
    assert "for you" in text, "what they gave was told in a neutral line"
    statuses = {said.status_code for said in till.heard}
    assert {200, 201, 202, 400, 403, 404, 409, 422} <= statuses


def told_numbers(data: Any, canaries: set[str]) -> Iterator[str]:
    """Canary numbers among the values, and in the sentences."""
    if isinstance(data, dict):
        for name, value in data.items():
            if name not in ("id", "held_until", "happened_at", "number"):
                yield from told_numbers(value, canaries)
    elif isinstance(data, list):
        for value in data:
            yield from told_numbers(value, canaries)
    elif str(data) in canaries or any(len(c) > 4 and c in str(data) for c in canaries):
        yield str(data)


def test_the_canaries_sing_where_a_rule_is_open(server, template):
    """The test above would see them: the same program with nothing hidden."""
    shown = [{**rule, "hidden": False} for rule in HIDDEN if rule["mechanic"] != "surprise"]
    with shops.fresh(server, template) as api:
        publish(api, PROGRAM | {"rules": [*OPEN, *shown]})
        card = api.cards[next(_serials)]
        said = api.post("/v1/receipts", sale(api, card=card))
        assert set(leaks(said.text)) >= {"date_gift", "sum_threshold", "percent_off"}
        assert CANARY in said.text and "765.66" in said.text, "of 774.31 there are 8.65"
        told = {"type": "survey", "id": "1", "card": card, "data": {"score": 9}}
        said = api.post("/v1/events", told | {"happened_at": datetime.now(UTC).isoformat()})
        assert CANARY in said.text and "event_gift" in said.text


def test_a_refused_payment_does_not_tell_a_hidden_rule(server, template):
    rule = {"id": f"{CANARY}-pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1,
            "min_points": 77431, "hidden": True}  # fmt: skip
    with shops.fresh(server, template) as api:
        publish(api, PROGRAM | {"rules": [OPEN[0], rule]})
        card = api.cards[0]
        api.post("/v1/receipts", sale(api, card=card))
        for path, body in (
            ("/v1/receipts", sale(api, card=card, spend={"points": 5})),
            ("/v1/quotes", {"basket": sale(api, card=card, spend={"points": 5})}),
        ):
            said = api.post(path, body)
            assert (said.status_code, said.json()["code"]) == (422, "spend_not_offered")
            assert not list(leaks(said.text)) and "77431" not in said.text


def test_staff_see_everything(api):
    card = api.cards[next(_serials)]
    told = api.post("/v1/receipts", sale(api, card=card)).json()
    read = api.call("GET", f"/v1/receipts/{told['id']}?explain=all").json()
    gave = {effect["rule"]: effect for effect in read["effects"]}
    silent = {each["rule"]: each for each in read["silent"]}
    assert {f"{CANARY}-{n}" for n in (1, 2, 3)} <= set(gave)
    assert {f"{CANARY}-{n}" for n in (4, 7)} <= set(silent)
    assert gave[f"{CANARY}-1"]["screen"] == f"{CANARY} title: +7 points"
    assert gave[f"{CANARY}-1"]["hidden"] and silent[f"{CANARY}-4"]["hidden"]
    assert silent[f"{CANARY}-4"]["lacking"] == 77431 - 865
    account = api.post("/v1/identify", {"card": card}).json()["account_id"]
    listed = api.call("GET", f"/v1/accounts/{account}/receipts").json()["items"]
    assert f"{CANARY}-1" in {effect["rule"] for effect in listed[0]["effects"]}
    assert api.call("GET", "/v1/program").json()["program"] == PROGRAM
