"""The office of a rehearsal: it furnishes a store, and looks at what was posted."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from tessera.doors.cli.tills.day import Day
from tessera.till import How
from tessera.till.wire import Wire

PREFIX = "2999"
_TRIES = 20


class Broken(Exception):
    """The server answered otherwise than it should."""


@dataclass(frozen=True)
class Furnished:
    """A store of its own, its tills' key, and members' cards."""

    store: str
    key: str
    cards: tuple[str, ...]
    accounts: tuple[str, ...]


class Office:
    """Calls with a key of administration. Errors: Broken, Away."""

    def __init__(self, url: str, key: str) -> None:
        self._wire = Wire(url, key, How(timeout_s=30))

    def close(self) -> None:
        """Let go of the line."""
        self._wire.close()

    def ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One call that has to work; it waits where it is told to."""
        key = "" if method == "GET" else secrets.token_hex(8)
        heard = self._wire.call(method, path, body, key)
        for _ in range(_TRIES):
            if not heard.again:
                break
            time.sleep(heard.wait_s)
            heard = self._wire.call(method, path, body, key)
        said = heard.body()
        if heard.status >= 300:
            raise Broken(f"{method} {path}: {heard.status} {said.get('code')}: {said.get('why')}")
        return said

    def furnish(self, members: int) -> Furnished:
        """A new store with new members, so that what happens there is the rehearsal's alone."""
        store = f"SIM-{secrets.token_hex(4)}"
        self.ask("PUT", f"/v1/stores/{store}", {"name": "Rehearsal", "time_zone": "UTC"})
        issued = self.ask("POST", "/v1/keys", {
            "name": "rehearsal", "role": "till", "store": store, "rate_per_s": 10_000,
        })  # fmt: skip
        batch = self.ask("POST", "/v1/card-batches", {"prefix": PREFIX, "count": members})
        path = f"/v1/card-batches/{batch['batch_id']}/numbers"
        cards = tuple(self._pages(path))
        for card in cards:
            self.ask("POST", "/v1/members", {"identifiers": [{"kind": "card", "value": card}]})
        accounts = [
            self.ask("POST", "/v1/identify", {"card": card})["account_id"] for card in cards
        ]
        return Furnished(store, str(issued["token"]), cards, tuple(accounts))

    def histories(self, accounts: Sequence[str]) -> list[dict[str, Any]]:
        """Every receipt and return of these accounts."""
        return [r for account in accounts for r in self._pages(f"/v1/accounts/{account}/receipts")]

    def _pages(self, path: str) -> Iterator[Any]:
        cursor: str | None = ""
        while cursor is not None:
            query = urlencode({"limit": 200} | ({"cursor": cursor} if cursor else {}))
            page = self.ask("GET", f"{path}?{query}")
            yield from page["items"]
            cursor = page["next"]


def differences(office: Office, furnished: Furnished, days: Sequence[Day]) -> list[str]:
    """What is otherwise than the tills made it; nothing if all is posted exactly once.

    law  a member's receipts are those that tills made for members, each once; what was taken off
         their prices is what their accounts paid
    """
    posted = [r for r in office.histories(furnished.accounts) if r["store"] == furnished.store]
    sales: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for each in posted:
        if each["kind"] == "sale":
            sales.setdefault((each["till"], each["number"]), []).append(each)
    found: list[str] = []
    for day in days:
        for made in day.made:
            found += _of_sale(office, day, made, sales)
        found += _of_book(day)
    voided = {(each["till"], each["sale"]) for each in posted if each["kind"] == "return"}
    made_numbers = {(day.till.till, made.number) for day in days for made in day.made}
    strangers = sorted(set(sales) - made_numbers - voided)
    return found + [f"sale {number} of till {till}: nobody made it" for till, number in strangers]


def _of_sale(
    office: Office, day: Day, made: Any, sales: dict[tuple[str, str], list[dict[str, Any]]]
) -> Iterator[str]:
    where = f"sale {made.number} of till {day.till.till}"
    entry = day.till.find(made.number)
    if entry is None or entry.state != "done" or entry.answer is None:
        yield f"{where}: the book says {entry.state if entry else 'nothing'}"
        return
    told = office.ask("GET", f"/v1/receipts/{entry.answer['id']}")
    if told["number"] != made.number or told["gross_minor"] != entry.body["total_minor"]:
        yield f"{where}: posted as {told['number']} over {told['gross_minor']}"
    if told["points_spent"] != made.spent:
        yield f"{where}: {told['points_spent']} points paid, {made.spent} were let go"
    paid = sum(effect["given"] for effect in told["effects"] if effect["kind"] == "payment")
    if paid != made.off_minor:
        yield f"{where}: points paid {paid}, {made.off_minor} were taken off its price"
    if made.card is not None:
        times = len(sales.get((day.till.till, made.number), ()))
        if times != 1:
            yield f"{where}: it is {times} times in its member's history"


def _of_book(day: Day) -> Iterator[str]:
    counts = day.till.counts()
    for state in ("open", "queued", "refused"):
        if counts.get(state):
            yield f"till {day.till.till}: {counts[state]} entries are {state} ({day.trouble})"
