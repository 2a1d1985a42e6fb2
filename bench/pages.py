"""The office's pages among a million members: lists, searches, a member's card, over HTTP."""

from __future__ import annotations

import asyncio
import http.client
import json
import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

from psycopg import AsyncConnection

from bench import lookup
from bench.place import Place, place, serving
from bench.result import Result
from tessera.access.signing.flows.entering import open_session
from tessera.base.ids import new_id
from tessera.members import db

SEED = 20_261_122
FULL, QUICK = 1_000_000, 20_000
LOOKS, WARM = 200, 20  # at each page, and before that: a process that has served before
PACE_S = 0.025  # between looks: somebody of staff may ask 50 times a second
BUYERS, RECEIPTS = 100, 20  # members who bought, and how often each
PARTS = ("ro", "ssi", "ver", "di", "an", "na", "ma", "ri", "lu", "ca", "bel", "li", "mo", "no")
GIVEN = ("Anna", "Marco", "Luca", "Giulia", "Paola", "Rosa", "Ivan", "Maria", "Piotr", "Zoe")
_NAMES = """
INSERT INTO members.person (member_id, given_name, family_name, born_on)
SELECT
    m.id, (%(given)s::text[])[1 + floor(random() * %(names)s)::integer],
    initcap(concat(
        (%(parts)s::text[])[1 + floor(random() * %(of)s)::integer],
        (%(parts)s::text[])[1 + floor(random() * %(of)s)::integer],
        (%(parts)s::text[])[1 + floor(random() * %(of)s)::integer]
    )), date '1950-01-01' + floor(random() * 20000)::integer
FROM members.member AS m
"""
_JOINED = "UPDATE members.member SET registered_at = seen_at - random() * interval '900 days'"
_STAFF = """
INSERT INTO access.staff (id, name, email, role, created_at, password)
VALUES (%(id)s, 'Bench', 'bench@example.org', 'owner', now(), 'nobody signs in by it')
"""


def run(quick: bool) -> list[Result]:
    """Time from sending the request to having read the whole answer, one after the other."""
    with place(QUICK if quick else FULL) as here:
        token = asyncio.run(_furnished(here))
        with serving(here, workers=1) as port:
            _bought(here, port)
            known = asyncio.run(_known(here))
            took_ms = _measured(port, token, _pages(here, known))
    results = []
    for name, each in took_ms.items():
        results += [
            Result(f"page_{name}_p50", statistics.median(each), "ms"),
            Result(f"page_{name}_p99", statistics.quantiles(each, n=100)[-1], "ms"),
        ]
    return results


async def _furnished(here: Place) -> str:
    """Everybody has a name and four identifiers; somebody of staff is signed in."""
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        await lookup.fill(conn, here)
        await conn.execute("SELECT setseed(0.5)")
        names = {"given": list(GIVEN), "names": len(GIVEN), "parts": list(PARTS)}
        await conn.execute(_NAMES, names | {"of": len(PARTS)})
        await conn.execute(_JOINED)
        staff, now = new_id(), datetime.now(UTC)
        await conn.execute(_STAFF, {"id": staff})
        _, token = await open_session(conn, "staff", staff, "password", "bench", now)
        await conn.commit()
        await conn.set_autocommit(True)
        await conn.execute("VACUUM ANALYZE")
        return token


def _bought(here: Place, port: int) -> None:
    """Some members have receipts, rung up at a till."""
    till = http.client.HTTPConnection("127.0.0.1", port)
    for n in range(BUYERS * RECEIPTS):
        number = f"B-{n}"
        body = {
            "store": "S1", "till": "1", "number": number, "currency": "EUR", "total_minor": 750,
            "happened_at": datetime.now(UTC).isoformat(), "card": here.card(n % BUYERS),
            "lines": [{"sku": "LATTE", "quantity": 3, "unit_minor": 250}],
        }  # fmt: skip
        head = {"Authorization": f"Bearer {here.token}", "Idempotency-Key": number,
                "Content-Type": "application/json"}  # fmt: skip
        till.request("POST", "/v1/receipts", json.dumps(body), head)
        said = till.getresponse()
        told = said.read()
        assert said.status == 201, told


async def _known(here: Place) -> list[UUID]:
    """Whose cards are looked at: those who bought."""
    cards = [lookup.named(here, n)["card"] for n in range(BUYERS)]
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        owners = await db.owners(await db.ask_owners(conn, cards))
        return [each.member_id for each in owners.values()]


def _pages(here: Place, known: list[UUID]) -> dict[str, Callable[[random.Random], str]]:
    """{name: what address is looked at next}"""
    at = "/console/members"

    def anybody(chance: random.Random, kind: str) -> str:
        return lookup.named(here, chance.randrange(here.members))[kind].value

    return {
        "list_lately": lambda chance: f"{at}?order=lately",
        "list_joined": lambda chance: f"{at}?order=joined",
        "search_name": lambda chance: f"{at}?q={chance.choice(PARTS)}{chance.choice(PARTS)}",
        "search_both_names": lambda chance: (
            f"{at}?q={chance.choice(GIVEN)[:3]}+{chance.choice(PARTS)}{chance.choice(PARTS)[:1]}"
        ),
        "search_phone": lambda chance: f"{at}?q={quote(anybody(chance, 'phone'))}",
        "search_receipt": lambda chance: f"{at}?q=B-{chance.randrange(BUYERS * RECEIPTS)}",
        "card": lambda chance: f"{at}/{chance.choice(known)}",
        "card_receipts": lambda chance: f"{at}/{chance.choice(known)}/receipts",
    }


def _measured(
    port: int, token: str, pages: dict[str, Callable[[random.Random], str]]
) -> dict[str, list[float]]:
    chance, took_ms = random.Random(SEED), {name: [] for name in pages}  # type: ignore[var-annotated]
    browser = http.client.HTTPConnection("127.0.0.1", port)
    head = {"Cookie": f"tessera_console={token}", "Accept-Encoding": "gzip"}
    for name, address in pages.items():
        for look in range(WARM + LOOKS):
            path = address(chance)
            time.sleep(PACE_S)
            began = time.perf_counter()
            browser.request("GET", path, headers=head)
            said: Any = browser.getresponse()
            said.read()
            if look >= WARM:
                took_ms[name].append((time.perf_counter() - began) * 1000)
            fine = said.status == 200 or (name.startswith("search_") and said.status == 303)
            assert fine, (said.status, path)
    return took_ms
