"""Fault 9: the database is slow for the office and the console; no till waits for them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from support import api as shops
from support import browser
from support.api import Api

pytestmark = pytest.mark.faults
ROUNDS = 25  # of a till's five calls, while the others hang
# What a page of the console and a list of administration read, and no till does.
THEIRS = ("incidents.incident",)


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


@contextmanager
def stuck(dsn: str) -> Iterator[None]:
    """Every statement over these tables waits until this ends."""
    with psycopg.connect(dsn) as conn:
        for table in THEIRS:
            conn.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        conn.rollback()


def timed(call: Any) -> tuple[int, float]:
    """The status of an answer, and the seconds until it."""
    began = time.perf_counter()
    said: httpx.Response = call()
    return said.status_code, time.perf_counter() - began


def till_calls(api: Api) -> list[tuple[int, float]]:
    """What a till does with one customer."""
    basket = api.basket()
    done = [
        timed(lambda: api.post("/v1/identify", {"card": api.cards[0]})),
        timed(lambda: api.post("/v1/quotes", {"basket": basket}, key=None)),
        timed(lambda: api.post("/v1/quotes", {"basket": basket, "hold": True})),
    ]
    key = uuid4().hex
    done.append(timed(lambda: api.post("/v1/receipts", basket, key=key)))
    receipt = api.post("/v1/receipts", basket, key=key).json()["id"]
    return [*done, timed(lambda: api.call("GET", f"/v1/receipts/{receipt}", token=api.till))]


def hanging(api: Api, staff: ThreadPoolExecutor, session: str) -> list[Future[tuple[int, float]]]:
    """More pages and lists than both have connections, each in a thread of its own."""
    signed_in = {"cookie": f"tessera_console={session}"}
    office = {"authorization": f"Bearer {api.admin}"}
    asked = [("/console/incidents", signed_in)] * 8 + [("/v1/incidents", office)] * 8

    def ask(address: str, headers: dict[str, str]) -> tuple[int, float]:
        return timed(lambda: httpx.get(f"{api.url}{address}", headers=headers, timeout=60))

    return [staff.submit(ask, *each) for each in asked]


def test_tills_go_on_while_every_connection_of_the_others_hangs(api):
    till_calls(api)
    session = browser.staff(api)
    with ThreadPoolExecutor(16) as staff:
        with stuck(api.dsn):
            held = hanging(api, staff, session)
            while sum(done.done() for done in held) < 9:  # all but four pages and three lists
                time.sleep(0.05)
            calls = [call for _ in range(ROUNDS) for call in till_calls(api)]
            still = [done for done in held if not done.done()]
        heard = [done.result() for done in held]
    assert {status for status, _ in calls} == {200, 201}
    assert len(still) == 7, "they hung all the time"
    hung = min(done.result()[1] for done in still)
    assert max(took for _, took in calls) < hung / 2
    turned = [took for status, took in heard if status == 503]
    assert len(turned) >= 5, "whoever found no connection of the office was told so"
    assert api.call("GET", "/v1/incidents").status_code == 200
