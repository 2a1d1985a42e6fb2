"""Calls about one account's points."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain


def operation(**body: Any) -> Make:
    """Something done with the points of a member who has 100; nobody's account has none."""
    nobody = {"account_id": str(uuid4())}
    return lambda things, whose: (
        {}, body | {"member": nobody if whose == "random" else things.party()}
    )  # fmt: skip


def of_account(things: Things, whose: Whose) -> Made:
    return {"account_id": str(uuid4()) if whose == "random" else things.account()}, None


def of_list(things: Things, whose: Whose) -> Made:
    """A list of what nobody has is empty; what is no id at all is refused."""
    return {"account_id": "x" if whose == "random" else things.account()}, None


def my_receipt(things: Things, whose: Whose) -> Made:
    if whose == "random":
        return {"receipt_id": str(uuid4())}, None
    card = things.me["card"] if whose == "own" else things.card()
    return {"receipt_id": things.sale("own", card=card)["id"]}, None


MAKES: dict[str, Make] = {
    "donation.make": operation(points=10, cause="forest"),
    "exchange.make": operation(points=10, into="miles"),
    "adjustment.make": operation(points=10, reason="goodwill"),
    "extension.make": operation(
        before="2098-12-31T00:00:00Z", until="2099-12-31T00:00:00Z", reason="goodwill"
    ),
    "receipt.history": of_list,
    "points.read": of_account,
    "points.history": of_account,
    "event.history": of_list,
    "points.outstanding": plain(),
    "budget.list": plain(),
    "budget.read": lambda t, w: ({"code": "nobody-s" if w == "random" else "summer"}, None),
    "me.points": plain(),
    "me.receipts": plain(),
    "me.receipt": my_receipt,
}
ANYBODYS = {"points.outstanding", "budget.list", "me.points", "me.receipts"}
