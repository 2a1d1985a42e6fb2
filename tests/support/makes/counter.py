"""Calls of tills."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from support.things import STORE_OF, Made, Make, Things, Whose, plain
from tessera.doors.till import OPERATIONS

EVENT = next(each.example for each in OPERATIONS if each.name == "event.post")


def give_back(things: Things, whose: Whose) -> Made:
    sale = things.sale(whose)
    names = ("store", "till", "business_date", "number")
    body = things.api.basket(store=sale["store"], happened_at="2026-11-20T11:00:00+01:00")
    kept = {name: body[name] for name in ("store", "till", "number", "happened_at")}
    return {}, {**kept, "sale": {name: sale[name] for name in names} | {"shift": ""}}


def basket(things: Things, whose: Whose) -> Made:
    return {}, things.api.basket(store=STORE_OF[whose])


def event(things: Things, whose: Whose) -> Made:
    body = EVENT | {"id": uuid4().hex, "card": things.api.cards[0], "store": STORE_OF[whose]}
    return {}, body | {"happened_at": datetime.now(UTC).isoformat()}


MAKES: dict[str, Make] = {
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
    "member.register": lambda t, w: (
        {}, {"identifiers": [{"kind": "external", "value": uuid4().hex}]}
    ),
    "event.post": event,
    "transfer.send": lambda t, w: (
        {}, {"sender": {"card": "1"} if w == "random" else t.party(), "receiver": t.party(0),
             "points": 10, "store": STORE_OF[w]}
    ),
    "store.list": plain(),
}  # fmt: skip
ANYBODYS = {
    "member.register", "store.list", "allowance.key",
    "receipt.bulk",  # each of its lines is judged for itself: tests/doors/test_bulk.py
}  # fmt: skip
BY_ID = {"receipt.read", "quote.cancel"}
OF_STORE = {
    "quote", "receipt.confirm", "receipt.checkout", "receipt.return", "event.post",
    "allowance.issue", "transfer.send",
}  # fmt: skip
