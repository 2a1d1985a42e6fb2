"""The cabinet's first page, signed in, against a static hello of the same server in one run."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncConnection

from bench.load import Load, drive
from bench.place import Place, place, serving
from bench.result import Result
from tessera.access.signing.flows.entering import open_session
from tessera.members import db
from tessera.warehouse.core import Identifier

FULL, QUICK = (100_000, 15.0, 5), (2_000, 3.0, 1)  # members, seconds of a turn, pairs of turns
# A member may call 20 times a second. Of a few it is known who they are; of many each call is the
# first one, and the session is looked up.
SESSIONS, FEW, CONNECTIONS = 1_000, 256, 16
LANGUAGES = ("en", "it", "pl", "ru", "zh")


def run(quick: bool) -> list[Result]:
    """Turns of both, one after the other; the ratio is the median of the pairs."""
    members, seconds, pairs = QUICK if quick else FULL
    with place(members) as here:
        tokens = asyncio.run(_sessions(here))
        with serving(here, workers=1) as port:
            drive(port, homes(tokens), CONNECTIONS, 1.0, b"200")  # templates and plans are made
            turns = [
                (turn(port, hellos(), seconds), turn(port, homes(tokens[:FEW]), seconds))
                for _ in range(pairs)
            ]
            first = turn(port, homes(tokens), seconds)
    ratio = statistics.median(home.per_s / hello.per_s for hello, home in turns)
    middle = sorted((home for _, home in turns), key=lambda load: load.per_s)[pairs // 2]
    hello = statistics.median(hello.per_s for hello, _ in turns)
    return [
        Result("cabinet_hello", hello, "requests/s"),
        Result("cabinet_home", middle.per_s, "requests/s", "a static hello of it", ratio),
        Result("cabinet_home_first_call", first.per_s, "requests/s"),
        Result("cabinet_home_p50", middle.percentile_ms(0.5), "ms, 16 at a time"),
        Result("cabinet_home_p99", middle.percentile_ms(0.99), "ms, 16 at a time"),
    ]


def turn(port: int, requests: Any, seconds: float) -> Load:
    """One of both, which answers nothing but 200."""
    load = drive(port, requests, CONNECTIONS, seconds, b"200")
    if load.others:
        raise RuntimeError(f"other answers: {load.others}")
    return load


def hellos() -> Any:
    """What the server says by heart."""
    return itertools.repeat(b"GET /health HTTP/1.1\r\nhost: h\r\n\r\n")


def homes(tokens: list[str]) -> Any:
    """First pages: every member after the other, in five languages, compressed as browsers ask."""
    return itertools.cycle(
        f"GET /m HTTP/1.1\r\nhost: h\r\naccept-encoding: gzip\r\n"
        f"accept-language: {language}\r\ncookie: tessera_m={token}\r\n\r\n".encode()
        for token, language in zip(tokens, itertools.cycle(LANGUAGES), strict=False)
    )


async def _sessions(here: Place) -> list[str]:
    """Members of the place who are signed in."""
    now, tokens = datetime.now(UTC), []
    cards = [Identifier("card", here.card(serial)) for serial in range(SESSIONS)]
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        owners = await db.owners(await db.ask_owners(conn, cards))
        for card in cards:
            _, token = await open_session(
                conn, "member", owners[card].member_id, "code", "bench", now
            )
            tokens.append(token)
        await conn.commit()
    return tokens
