"""What calls of the drills are made of: a program, fresh numbers, receipts, members with points."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from support.api import Api
from support.served import Heard
from tessera.members.core import card_number

DAY = "2026-03-14"
PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "unknown_cards": "any",
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
        {"id": "thanks", "mechanic": "event_gift", "type": "survey", "prize": {"points": 5},
         "caps": []},
        {"id": "spin", "mechanic": "instant_win", "draw": "WIN", "from_minor": 20_000_000,
         "caps": []},
    ],
    "draws": {"WIN": {"prizes": [{"item": "MUG", "count": 1_000_000, "one_in": 1}]}},
    "coupons": {"THANKS": {"name": "Thanks", "personal": True, "days": 30}},
    "budgets": {"rewards": {"claims": True, "most_minor": 1_000_000_000}},
    "events": {"survey": {"fields": {"score": {"type": "integer"}}}},
    "attributes": {"pets": {"type": "integer"}},
    "currencies": {"miles": {"kind": "miles"}}, "households": {},
    "transfers": {
        "transfer": {"fee_percent": 10}, "gift": {"delay_hours": 24},
        "donate": {"causes": {"forest": "Trees"}},
        "exchange": [{"into": "miles", "give": 10, "get": 1}],
    },
}  # fmt: skip


class Door(Protocol):
    """Where calls are made: the application in this process, or a served one.

    caller  the address of who calls: much is limited by it, and drills call often
    """

    caller: str

    async def call(
        self, method: str, path: str, body: Any = None, key: str = "", token: str | None = None
    ) -> Heard: ...


@dataclass(frozen=True, slots=True)
class Op:
    """One writing call.

    status   of its first answer; settles: more comes after the answer
    keyless  sent without a key: its own number protects it
    token    whose call it is; None: the door's own; "": nobody's
    again    statuses of its repeat, where it has neither key nor number: what was done is not done
             a second time, and its answer is not kept
    noted    each such repeat is written into the audit log
    """

    method: str
    path: str
    body: Any
    status: int
    settles: bool = False
    keyless: bool = False
    token: str | None = None
    again: tuple[int, ...] = ()
    noted: bool = False


@dataclass
class Fresh:
    """Numbers that were not used before; `api`: a shop whose calls go through the same door."""

    serials: Any = field(default_factory=lambda: count(1))
    rich: list[str] = field(default_factory=list)
    api: Api | None = None

    def card(self) -> str:
        return card_number("29", next(self.serials))

    def number(self) -> str:
        return f"N{next(self.serials)}"

    def key(self) -> str:
        return f"key-{next(self.serials)}"

    def caller(self) -> str:
        """An address in a block of its own."""
        high, low = divmod(next(self.serials), 256)
        return f"10.{high % 256}.{low}.7"


def sale(number: str, card: str | None, minor: int = 1000, **more: Any) -> dict[str, Any]:
    """A receipt of two lines, as a till sends it."""
    lines = [
        {"sku": "SOUP", "quantity": 1, "unit_minor": minor - 200},
        {"sku": "BREAD", "quantity": 2, "unit_minor": 100},
    ]
    whose = {"card": card} if card else {}
    return {
        "store": "S1", "till": "1", "number": number, "happened_at": f"{DAY}T10:15:00+01:00",
        "currency": "EUR", "lines": lines, "total_minor": minor, **whose, **more,
    }  # fmt: skip


def goods_back(of: str, number: str, *lines: tuple[int, int]) -> dict[str, Any]:
    """Units of lines of that sale come back."""
    identity = {"store": "S1", "till": "1", "business_date": DAY, "shift": "", "number": of}
    return {
        "sale": identity, "store": "S1", "till": "1", "number": number,
        "happened_at": f"{DAY}T12:00:00+01:00",
        "lines": [{"line": line, "quantity": units} for line, units in lines],
    }  # fmt: skip


async def do(door: Door, fresh: Fresh, op: Op) -> Any:
    """A call that stands before the one to be tested; it must succeed."""
    heard = await door.call(op.method, op.path, op.body, fresh.key())
    assert heard.status == op.status, heard
    return heard.said


def confirm(body: dict[str, Any], *, settles: bool = False) -> Op:
    return Op("POST", "/v1/receipts", body, 201, settles)


async def member(door: Door, fresh: Fresh) -> str:
    """The card of somebody who has just registered."""
    card = fresh.card()
    await do(door, fresh, register(card))
    return card


async def rich(door: Door, fresh: Fresh) -> str:
    """The card of a registered member with many points; a dozen of them take turns."""
    if len(fresh.rich) < 12:
        fresh.rich.insert(0, await member(door, fresh))
        await do(door, fresh, confirm(sale(fresh.number(), fresh.rich[0], 10_000_000)))
    fresh.rich.append(fresh.rich.pop(0))
    return fresh.rich[-1]


def register(card: str) -> Op:
    body = {
        "identifiers": [
            {"kind": "card", "value": card}, {"kind": "email", "value": f"{card}@example.org"},
        ],
        "given_name": "Anna",
    }  # fmt: skip
    return Op("POST", "/v1/members", body, 201)
