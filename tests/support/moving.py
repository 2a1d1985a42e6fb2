"""Another program's files for tests, and a database that they move into."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from support.database import connect, run
from support.directory import READER
from tessera.base.refusal import Refusal
from tessera.checkout.flows.proof import prove_all
from tessera.doors.cli.load.report import Quiet
from tessera.doors.cli.moving.mapping import Moving, Ways, parse
from tessera.doors.cli.moving.report import Told
from tessera.doors.cli.moving.work import Asked, work
from tessera.doors.pools import OPTIONS
from tessera.program import flows as programs
from tessera.rules.core.words import Program

CLUB = """
name = "club"
time_zone = "Europe/Rome"
number_prefix = "club:"
[members]
number = "id"
given_name = "first"
family_name = "last"
born_on = "born"
joined_on = "since"
account = "family"
attributes = { tier = "tier", tier_since = "tier_since" }
[[members.names]]
kind = "card"
column = "cards"
separator = "|"
status = "state"
blocked = ["LOST"]
[[members.names]]
kind = "phone"
column = "phone"
prefix = "+39"
[balances]
number = "id"
lot = "lot"
points = "points"
currency = "currency"
currencies = { BONUS = "" }
earned_on = "earned"
expires_on = "expires"
active_on = "from"
never = ["9999-12-31"]
[consents]
number = "id"
purpose = "topic"
channel = "how"
state = "said"
at = "when"
wording = { constant = "v1" }
proof = "ref"
"""
HEADERS: dict[Ways, str] = {
    "members": "id first last born since family tier tier_since cards state phone",
    "balances": "id lot points currency earned expires from",
    "consents": "id topic how said when ref",
}
BODY: dict[str, Any] = {
    "name": "New", "currency": "EUR", "unknown_cards": "any",
    "rules": [{"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100}],
    "attributes": {"tier": {"type": "choice", "values": ["gold", "silver"]},
                   "tier_since": {"type": "date"}},
    "currencies": {"miles": {}}, "expiry": {"months": 12},
    "consents": {"confirm": ["email"], "purposes": {"news": {
        "channels": ["email", "sms"], "wording": "v2",
        "wordings": {"v1": {"en": "We write."}, "v2": {"en": "We may write."}},
    }}},
}  # fmt: skip


def club(text: str = CLUB) -> Moving:
    """The mapping of the tests' other program."""
    moving = parse(text)
    assert isinstance(moving, Moving), moving
    return moving


def read_program(body: Any = BODY) -> Program:
    """The program that the other one moves into."""
    found = READER.read(body, 1)
    assert isinstance(found, Program), found
    return found


def write(place: Path, kind: Ways, text: str, encoding: str = "utf-8") -> Path:
    """A file of rows between blanks: "-" is nothing, "_" a blank; short rows are filled up."""
    names = HEADERS[kind].split()
    path = place / f"{kind}.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        out = csv.writer(file)
        out.writerow(names)
        for row in text.strip().splitlines():
            cells = ["" if w == "-" else w.replace("_", " ") for w in row.split()]
            out.writerow([*cells, *[""] * (len(names) - len(cells))])
    return path


@asynccontextmanager
async def opened(dsn: str, body: Any = BODY):
    """A connection as the command has it, and the program, published."""
    async with await connect(dsn) as conn:
        now = datetime.now(UTC)
        if await programs.current(conn, READER, now) is None:
            await programs.publish(conn, READER, body, now, None)
        await conn.commit()
    async with await AsyncConnection.connect(make_conninfo(dsn, options=OPTIONS)) as conn:
        found = await programs.current(conn, READER, datetime.now(UTC))
        assert found is not None
        await conn.rollback()
        yield conn, found


def moved(
    dsn: str, paths: dict[Ways, Path], moving: Moving | None = None, **how: bool
) -> list[Told] | Refusal:
    """What the command does with these files."""

    async def go() -> list[Told] | Refusal:
        async with opened(dsn) as (conn, program_now):
            asked = Asked(moving or club(), tuple(paths.items()), **how)
            return await work(conn, program_now, asked, Quiet())

    return run(go())


def one(dsn: str, kind: Ways, path: Path, moving: Moving | None = None, **how: bool) -> Told:
    """The same for one file that is in order."""
    told = moved(dsn, {kind: path}, moving, **how)
    assert not isinstance(told, Refusal), told
    return told[0]


def differences(dsn: str) -> Sequence[str]:
    """What the whole proof finds, hashes included."""

    async def go() -> Sequence[str]:
        async with await connect(dsn) as conn:
            return (await prove_all(conn, chain=True)).differences

    return run(go())
