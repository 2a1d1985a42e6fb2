"""Confirm where all tills share three budgets and hand in two coupons, against the same without.

Without them the two discounts that the coupons open are gone as well; `open` is the same receipts
and the same discounts, for everybody, without a budget.

The machine may have other work: beside receipts per second each case tells what a receipt takes of
the processors, of our processes and of PostgreSQL's together.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection

from bench.budgets import MUCH, RULES, publish
from bench.confirm import requests
from bench.load import drive
from bench.place import Place, place, serving
from bench.result import Result
from tessera.base import installation
from tessera.base.refusal import Refusal
from tessera.rewards.coupons.office import flows
from tessera.rewards.coupons.office.flows import Order
from tessera.rules.core.coupons import Coupon

PIECE = 250_000
PER_S = 5_000  # receipts, more than any round sends
WARM_S = 4.0
KINDS = {"SPRING": {"name": "Spring"}, "AUTUMN": {"name": "Autumn"}}
ASKED = [
    {"id": "spring", "mechanic": "percent_off", "percent": 5, "coupon": "SPRING",
     "of": {"skus": ["A004"]}},
    {"id": "autumn", "mechanic": "percent_off", "percent": 5, "coupon": "AUTUMN",
     "of": {"skus": ["A005"]}},
]  # fmt: skip
BUDGETS = {
    "all": {"most_minor": MUCH},
    "stores": {"by": "store", "per": "day", "most_minor": MUCH},
    "members": {"by": "member", "per": "year", "most_points": MUCH},
}
BARE: dict[str, Any] = {
    "name": "Bench", "currency": "EUR", "unknown_cards": "any", "rules": RULES,
}  # fmt: skip
RICH = BARE | {"rules": [*RULES, *ASKED], "budgets": BUDGETS, "coupons": KINDS}
# The same two discounts for everybody: what they cost is no cost of coupons or budgets.
OPEN = BARE | {
    "rules": [*RULES, *({k: v for k, v in rule.items() if k != "coupon"} for rule in ASKED)]
}
Sends = Iterator[bytes]
Codes = Sequence[Iterator[str]]


@dataclass
class Case:
    """A program, what tills send under it, and what was measured.

    every  one receipt in so many hands in two codes; 0: none
    cpu_us  microseconds of all processors that one receipt took, of the server's side
    """

    name: str
    body: dict[str, Any]
    every: int
    here: Place = field(init=False)
    port: int = 0
    codes: Codes = ()
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)


def run(quick: bool) -> list[Result]:
    """64 connections; each case has a server of its own, and they are asked in turn."""
    members, rounds, seconds = (2_000, 3, 0.5) if quick else (5_000, 24, 1.5)
    cases = [
        Case("without", BARE, 0), Case("open", OPEN, 0), Case("a tenth", RICH, 10),
        Case("each", RICH, 1),
    ]  # fmt: skip
    count = int(PER_S * (seconds * rounds + WARM_S))
    with ExitStack() as open_, tempfile.TemporaryDirectory() as own:
        # The servers have to know the codes that are made here: they share a key.
        installation.settle(Path(own) / "installation.key")
        installation.here()
        for case in cases:
            here = case.here = open_.enter_context(place(members))
            shutil.copy(Path(own) / "installation.key", here.data_dir / "installation.key")
            asyncio.run(publish(here, case.body))
            if case.every:
                some = count // case.every + 1
                case.codes = [iter(asyncio.run(made(here, kind, some))) for kind in KINDS]
            _settle_down(here)
            case.port = open_.enter_context(serving(here))
            drive(case.port, _sent(case, WARM_S), 64, WARM_S)
        for number in range(rounds):
            for case in cases:
                _measure(case, seconds)
            told = ", ".join(
                f"{case.name} {case.rates[-1]:,.0f}/s {case.cpu_us[-1]:,.0f} us" for case in cases
            )
            print(f"  round {number + 1}: {told}", flush=True)
        assert asyncio.run(_used(cases[-1].here)) > 0, "the coupons were good"
    bare, open_to_all, tenth, each = cases
    return [
        _against("confirm_shared_tenth", tenth, bare, rate=True),
        _against("confirm_shared_each", each, bare, rate=True),
        _against("confirm_shared_tenth_cpu", tenth, bare, rate=False),
        _against("confirm_shared_each_cpu", each, bare, rate=False),
        _against("confirm_shared_each_vs_open", each, open_to_all, rate=True),
        _against("confirm_shared_each_vs_open_cpu", each, open_to_all, rate=False),
    ]


def _against(name: str, case: Case, bare: Case, *, rate: bool) -> Result:
    """The median of the rounds, and of the rounds' ratios."""
    mine, others = (case.rates, bare.rates) if rate else (case.cpu_us, bare.cpu_us)
    ratio = statistics.median(a / b for a, b in zip(mine, others, strict=True))
    unit = "receipts/s" if rate else "us of the processors a receipt"
    base = "the same without three budgets and two coupons"
    if bare.body is OPEN:
        base = "the same discounts without codes and without budgets"
    return Result(name, statistics.median(mine), unit, base, ratio)


def _measure(case: Case, seconds: float) -> None:
    sent = _sent(case, seconds)
    before = spent_s(case.here)
    load = drive(case.port, sent, 64, seconds)
    took_s = spent_s(case.here) - before
    assert not load.others, load.others
    case.rates.append(load.per_s)
    case.cpu_us.append(took_s / load.answered * 1e6)


def _sent(case: Case, seconds: float) -> Sends:
    """All that can be sent in that time, with their codes, made before the clock runs."""
    sent = itertools.islice(requests(case.here), int(PER_S * seconds))
    return iter(list(shown(sent, case.codes, case.every) if case.every else sent))


def shown(sent: Sends, codes: Codes, every: int) -> Sends:
    """The same receipts, one in so many with a code of each kind."""
    for number, request in enumerate(sent):
        if number % every:
            yield request
            continue
        head, _, body = request.partition(b"\r\n\r\n")
        some = ",".join(f'"{next(each)}"' for each in codes)
        said = b'{"coupons":[%b],%b' % (some.encode(), body[1:])
        length = b"Content-Length: %d" % len(said)
        yield re.sub(rb"Content-Length: \d+", length, head, flags=re.I) + b"\r\n\r\n" + said


async def made(here: Place, kind: str, count: int) -> list[str]:
    """So many codes of a kind, handed out."""
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        kinds = {kind: Coupon(name=kind)}
        order = await flows.order(conn, Order(kind, count, "", None, None), kinds, "bench", _now())
        assert not isinstance(order, Refusal), order
        while await flows.make(conn, order.id, PIECE):
            await conn.commit()
        found: list[str] = []
        while len(found) < count:
            page = await flows.hand_out(conn, order.id, _now(), again=False)
            assert not isinstance(page, Refusal), page
            found += page[1]
    return found


def _settle_down(here: Place) -> None:
    """What making the codes has left to do is done before anything is measured."""
    with psycopg.connect(here.server.dsn, autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE")
        conn.execute("CHECKPOINT")


async def _used(here: Place) -> int:
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        row = await (await conn.execute("SELECT count(*) FROM rewards.coupon_use")).fetchone()
    assert row is not None
    return int(row[0])


def spent_s(here: Place) -> float:
    """Seconds of the processors that a place has taken by now: our processes and PostgreSQL's."""
    rows = dict(_processes())
    mine = f"TESSERA_DATA_DIR={here.data_dir}\0".encode()
    tree = {here.server.pid}
    grown = tree | {pid for pid, (parent, _) in rows.items() if parent == os.getpid()
                    and mine in Path(f"/proc/{pid}/environ").read_bytes()}  # fmt: skip
    while grown != tree:
        tree = grown
        grown = tree | {pid for pid, (parent, _) in rows.items() if parent in tree}
    return sum(rows[pid][1] for pid in tree if pid in rows) / os.sysconf("SC_CLK_TCK")


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """(process, (its parent, ticks that it and its children that have ended took))."""
    for each in Path("/proc").iterdir():
        if not each.name.isdecimal():
            continue
        try:
            words = (each / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        yield int(each.name), (int(words[1]), sum(map(int, words[11:15])))


def _now() -> datetime:
    return datetime.now(UTC)
