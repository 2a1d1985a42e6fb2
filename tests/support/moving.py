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
MEMBERS = """
1 Anna Rossi 1980-05-01 2015-03-01 - gold 2024-02-29 A-1|A-2 OK 3331234567
2 Bruno Neri - 2016-07-09 - silver 2025-01-01 A-3 LOST -
3 Carla Verdi 1870-01-01 2016-07-09
4 Dino Gialli - 2016-07-09 - - - A-1
5 Elsa Blu - 2017-01-01 - - - A-5 - 333
6 Fede Rosa - 2017-01-01 - bronze
7 Gina Bianchi - 2018-01-01 F9
8 Hugo Bianchi - 2018-01-01 F9
- Ivo Grigi - 2018-01-01
9 Lia Viola - 2999-01-01
10 Max Nero 1980-99-99 2018-01-01
"""
BALANCES = """
1 a 500 BONUS 2021-01-10 2098-01-31 -
1 b 250 BONUS 2021-06-10 2098-06-30 2098-01-01
1 c 40 miles 2021-06-10 - -
2 d 1000 BONUS 2021-01-10 9999-12-31 -
2 e -50 BONUS 2021-02-10 - -
2 f -2000 BONUS 2021-02-10 - -
1 a 500 BONUS 2021-01-10 2098-01-31 -
1 b 251 BONUS 2021-06-10 2098-06-30 2098-01-01
1 g 100 BONUS 2024-01-01 2025-01-01 -
77 h 70 BONUS 2021-01-10 2098-01-31 -
1 i 9223372036854775808 BONUS 2021-01-10 - -
1 j =1+1 BONUS 2021-01-10 - -
1 k 1.5 BONUS 2021-01-10 - -
1 l 7 YEN 2021-01-10 - -
1 m 7 BONUS 2021-02-30 - -
1 n 7 BONUS 2021-03-01 2021-01-01 -
1 o 0 BONUS 2021-03-01 - -
1 - 7 BONUS 2021-03-01 - -
1 p NaN BONUS 2021-03-01 - -
1 q 1e999 BONUS 2021-03-01 - -
1 r 7 BONUS 2999-03-01 - -
"""
CONSENTS = """
1 news email yes 2020-01-01T10:00:00 r1
1 news sms yes 2020-01-01T10:00:00 r1
1 news sms no 2021-01-01T10:00:00 r2
1 news sms yes 2019-01-01T10:00:00 r0
2 news sms yes 2021-01-01 r3
2 ads sms yes 2021-01-01 r3
2 news sms perhaps 2021-01-02 r3
2 news sms yes 2999-01-01 r3
5 news sms yes 2021-01-01 r3
2 news sms - 2022-01-01 r3
"""


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


def files(place):
    return {"members": write(place, "members", MEMBERS),
            "balances": write(place, "balances", BALANCES),
            "consents": write(place, "consents", CONSENTS)}  # fmt: skip
