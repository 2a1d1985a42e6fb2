"""What is asked of the machine, and the receipts that ask it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from tessera.members.core import card_number

PREFIX, HOUR_S = "29", 3600
_BASKETS, _ARTICLES = 500, 5_000


class Plan(Struct, frozen=True):
    """The customer's own numbers.

    peak_hour_share  percent of a day's receipts that come in its busiest hour
    lines            of a receipt; stores: as many as the day's receipts fill, about 2,000 each
    """

    members: int
    receipts_per_day: int
    peak_hour_share: float
    lines: int
    minutes: float

    @property
    def peak(self) -> float:
        """Receipts a second in the busiest hour."""
        return self.receipts_per_day * self.peak_hour_share / 100 / HOUR_S

    @property
    def stores(self) -> int:
        """How many stores send them."""
        return min(max(self.receipts_per_day // 2_000, 1), 999)


def store_id(number: int) -> str:
    """The id of the n-th store; only a load test has such ids."""
    return f"LOAD-{number:03}"


def requests(plan: Plan, currency: str, token: str, run: str, seed: int) -> Iterator[bytes]:
    """Receipts of random members, each with a number and a key of its own, as bytes for the wire.

    run     a word that no earlier run had: numbers of receipts are unique for ever
    """
    chance = random.Random(seed)
    baskets = [_basket(plan.lines, currency, chance) for _ in range(_BASKETS)]
    head = (
        "POST /v1/receipts HTTP/1.1\r\nHost: loadtest\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {token}\r\n"
    )
    number = 0
    while True:
        number += 1
        card = card_number(PREFIX, chance.randrange(plan.members))
        store, till = store_id(chance.randrange(plan.stores)), chance.randrange(8)
        body = (
            f'{{"card":"{card}","store":"{store}","till":"{till}","number":"{run}-{number}",'
            f"{chance.choice(baskets)}"
        )
        own = f"Idempotency-Key: {run}-{number}\r\nContent-Length: {len(body)}\r\n"
        yield f"{head}{own}\r\n{body}".encode()


def _basket(lines: int, currency: str, chance: random.Random) -> str:
    """The rest of a receipt as JSON: its lines, their sum, when it was."""
    bought = [_line(chance.randrange(_ARTICLES), chance.randint(1, 3)) for _ in range(lines)]
    total = sum(line["quantity"] * line["unit_minor"] for line in bought)  # type: ignore[operator]
    rest = {
        "happened_at": datetime.now(UTC).isoformat(), "currency": currency, "lines": bought,
        "total_minor": total, "cashier_id": f"C{chance.randrange(20)}", "entry_mode": "scan",
    }  # fmt: skip
    return json.dumps(rest)[1:]


def _line(article: int, quantity: int) -> dict[str, object]:
    return {
        "sku": f"A{article:05}", "name": f"Article number {article}", "quantity": quantity,
        "unit_minor": 49 + article % 900, "category": f"aisle {article % 40}",
    }  # fmt: skip
