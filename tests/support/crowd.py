"""Calls that really meet: they wait for rows that the test holds, and go on together."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg

from support.api import Api

WAITING = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'"""
LONGEST_S = 2.0  # until they wait; the house gives up on a lock much later


def together(
    api: Api, calls: Sequence[Callable[[], httpx.Response]], waiting: int
) -> list[httpx.Response]:
    """What each is answered; all accounts are held until so many of the calls wait for them."""
    with psycopg.connect(api.dsn) as holder, ThreadPoolExecutor(len(calls)) as pool:
        holder.execute("SELECT FROM ledger.account FOR UPDATE")
        asked = [pool.submit(call) for call in calls]
        end, met = time.monotonic() + LONGEST_S, 0
        while met < waiting and time.monotonic() < end:
            (met,) = api.eye.execute(WAITING).fetchone() or (0,)
        holder.rollback()
        said = [each.result() for each in asked]
    assert met >= waiting, "they met"
    return said
