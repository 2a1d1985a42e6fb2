"""Somebody at home who joins, what comes to the mailbox, and the program that people join."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from support import api as shops
from support.api import Api

PROGRAM: dict[str, Any] = {
    "name": "Joining", "currency": "EUR", "unknown_cards": "batches",
    "budgets": {
        "summer": {"name": "Primavera", "by": "store", "most_minor": 500_000, "most_points": 10_000}
    },
    "coupons": {"TENTH": {"name": "Voucher"}},
    "events": {
        "joined": {"fields": {"source": {"type": "text", "required": False}}},
        "completed": {},
    },
    "attributes": {
        "children": {"type": "integer", "least": 0, "most": 20, "required": True, "weight": 2,
                     "member": "sets"},
        "score": {"type": "integer", "member": "sees"},
        "segment": {"type": "text"},
        "answer": {"type": "text", "member": "sets", "staff": "sees"},
    },
    "enrolment": {
        "open": True, "minimum_age": 14, "country": "IT", "time_zone": "Europe/Rome",
        "welcome": "joined", "completed": "completed", "profile": {"given_name": 1, "born_on": 1},
        "sources": {"leaflet": {"name": "Spring", "each_minor": 50, "fixed_minor": 1000}},
    },
    "partners": {
        "corner": {"name": "Corner shops", "stores": ["S1"], "sells_at_x100": 110,
                   "pays_x100": 90},
    },
    "referral": {"referrer_points": 500, "referee_points": 200},
    "consents": {
        "confirm": ["email", "sms"],
        "purposes": {
            "news": {
                "channels": ["email", "sms", "post"], "wording": "v1",
                "wordings": {"v1": {"en": "You may write to me.", "it": "Potete scrivermi."}},
            },
        },
    },
    "choices": {
        "track": {"options": {"miles": "Miles", "gifts": "Gifts"}},
        "tier": {"options": {"gold": "Gold"}, "member": False},
    },
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "welcome", "mechanic": "event_gift", "type": "joined", "prize": {"points": 100}},
        {"id": "whole", "mechanic": "event_gift", "type": "completed", "prize": {"points": 30}},
        {"id": "news", "mechanic": "fixed_points", "points": 7,
         "when": {"consent": {"purpose": "news", "channel": "email"}}},
        {"id": "track", "mechanic": "fixed_points", "points": 11,
         "when": {"choice": {"choice": "track", "options": ["gifts"]}}},
    ],
}  # fmt: skip
YES = {"purpose": "news", "channel": "email", "given": True}
SIX = re.compile(r"\b[0-9]{6}\b")
_people = count(1)
_cards = count(300)


class Web:
    """Somebody at home, and what comes to the phone or the mailbox."""

    def __init__(self, api: Api, outbox: Path) -> None:
        self.api, self.outbox = api, outbox

    def post(self, path: str, body: Any = None, token: str = "") -> Any:
        return self.api.call("POST", path, body, token=token, key=uuid4().hex if token else None)

    def get(self, path: str, token: str) -> Any:
        said = self.api.call("GET", path, token=token)
        assert said.is_success, said.text
        return said.json()

    def afresh(self) -> Web:
        """From a fresh start: the limits on codes of one network are rarely the point."""
        with self.api.eye.transaction():
            self.api.eye.execute("DELETE FROM access.code_bucket")
            self.api.eye.execute("DELETE FROM members.claim_try")
        self.quiet()
        return self

    def quiet(self) -> None:
        """Whatever joining owes is posted."""
        open_ = "SELECT count(*) FROM members.posting WHERE settled_at IS NULL"
        wait(lambda: self.api.eye.execute(open_).fetchone() == (0,))

    def code(self, challenge: str) -> str:
        """Out of the message that came."""
        place = self.outbox / "outbox" / f"{challenge}.txt"
        wait(lambda: place.exists() and SIX.search(place.read_text()))
        return SIX.findall(place.read_text())[0]

    def asked(self, **more: Any) -> dict[str, Any]:
        said = self.post("/v1/join", {**somebody(), **more})
        assert said.status_code == 200, said.text
        return said.json()

    def finished(self, challenge: str) -> Any:
        said = self.post(f"/v1/join/{challenge}", {"code": self.code(challenge)})
        assert said.status_code == 200, said.text
        return said.json()

    def joined(self, **more: Any) -> dict[str, Any]:
        return self.finished(self.asked(**more)["challenge_id"])


def wait(until) -> None:
    """Whatever the house does by itself, it does within seconds."""
    ends = time.monotonic() + 40
    while not until():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.05)


def digits() -> str:
    """Seven digits that nobody has had."""
    return f"{next(_people):07d}"


def mail() -> dict[str, str]:
    return {"kind": "email", "value": f"p{next(_people)}@example.org"}


def somebody() -> dict[str, Any]:
    return {"contact": mail(), "given_name": "Mario", "born_on": "1990-05-01", "language": "it"}


def balance(api: Api, card: str) -> int:
    return api.call("POST", "/v1/identify", {"card": card}).json()["balance"]["balance"]


def points_of(web: Web, token: str) -> int:
    return web.get("/v1/me/points", token)["wallets"][0]["balance"]["balance"]


def fresh_card(api: Api) -> str:
    return api.cards[next(_cards)]


def slip_of(api: Api, card: str) -> dict[str, Any]:
    """A receipt of this card, as it is printed."""
    basket = api.basket(card=card, business_date="2026-11-20")
    basket["happened_at"] = "2026-11-20T10:00:00+01:00"
    said = api.post("/v1/receipts", basket)
    assert said.status_code == 201, said.text
    return {"number": basket["number"], "day": "2026-11-20", "total_minor": 1150}


@contextmanager
def at_home(server: str, template: str, outbox: Path) -> Iterator[Web]:
    """A served shop that people can join, and somebody who wants to."""
    with shops.fresh(server, template, data_dir=outbox) as api:
        api.publish(PROGRAM)
        yield Web(api, outbox)
