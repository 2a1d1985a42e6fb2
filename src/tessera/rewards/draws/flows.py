"""Bind draws to their seeds, draw among tickets, show what was drawn."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from tessera.base import installation
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.budgets.apart import flows as apart
from tessera.budgets.apart.core import Wanted
from tessera.budgets.core import Place
from tessera.ledger.joining import db as joining_db
from tessera.members.nicknames import db as nicknames_db
from tessera.program import db as program_db
from tessera.rewards.draws import db
from tessera.rewards.draws.core import (
    SEED_BYTES,
    Entry,
    Winner,
    bound_to,
    holder_of,
    label_of,
    lines_of,
    winners,
)
from tessera.rules.core.budgets import MOST_X100, Budget, of_drawn
from tessera.rules.core.budgets import Draw as Cost
from tessera.rules.core.draws import Draw

PAGE = 1000  # tickets of so many operations at a time: some ten milliseconds
PAUSE_S = 0.0001


class Terms(NamedTuple):
    """What is drawn, and what it costs.

    gone     no program declares it any more: without a last day its time is over then
    budgets  of the program that is now; costs: {item: minor units}
    """

    draw: Draw
    gone: bool = False
    budgets: Mapping[str, Budget] = {}
    costs: Mapping[str, int] = {}


async def seeds(
    conn: db.Conn, published: Mapping[str, Draw], known: Mapping[str, bytes], now: datetime
) -> dict[str, bytes]:
    """{draw: its seed}, of those that are not over; what is published and has none is bound to one.

    known  seeds that were read before: they never change
    """
    if not published and not known:
        return {}
    sealed = await db.sealed(conn)
    new = [code for code in published if code not in sealed]
    if new:
        over = {each.code for each in await db.named(conn)}
        for code in new:
            if code not in over:
                seed = secrets.token_bytes(SEED_BYTES)
                seal = installation.here().seal(_purpose(code), seed)
                await db.add_draw(conn, code, seal, bound_to(seed), now)
        sealed = await db.sealed(conn)
    found = {}
    for code, seal in sealed.items():
        seed_ = known.get(code) or _opened(code, seal)
        if seed_ is not None:  # another installation's: nothing is won here
            found[code] = seed_
    return found


async def dropped(conn: db.Conn, declared: Mapping[str, Draw], now: datetime) -> dict[str, Draw]:
    """{draw: its terms} of those not over that the program has no more: as it had them last."""
    open_ = [each.code for each in await db.named(conn) if each.shown is None]
    gone = [code for code in open_ if code not in declared]
    return await program_db.last_draws(conn, gone, now) if gone else {}


async def again(conn: db.Conn, declared: Mapping[str, Draw]) -> Refusal | None:
    """Why a program cannot be published: it goes on with a draw whose winners are known.

    errors  program_invalid
    """
    for each in await db.named(conn, list(declared)):
        ends, over = declared[each.code].ends, each.terms.ends if each.terms is not None else None
        if each.shown is not None and (ends is None or over is None or ends > over):
            return Refusal(
                "program_invalid", f"draws.{each.code}.ends", f"{each.code} has been drawn",
                "declare a new draw under another code, or leave its last day as it was",
            )  # fmt: skip
    return None


async def run(
    conn: db.Conn, code: str, terms: Terms, now: datetime, today: date
) -> list[Winner] | Refusal:
    """Draw among the tickets as they stand, and show the seed. Once, after the last day.

    today  in the shop
    """
    draw = terms.draw
    row = await db.lock_draw(conn, code)
    if row is None:
        return no_draw(code)
    seal, shown = row
    if shown is not None:
        return Refusal("draw_over", "code", f"{code} has been drawn", "look at who has won")
    if (draw.ends is None and not terms.gone) or (draw.ends is not None and today <= draw.ends):
        until = draw.ends.isoformat() if draw.ends is not None else "no day that is set"
        return Refusal(
            "draw_open", "code", f"tickets and prizes of {code} are given until {until}",
            "draw on a later day, or publish an earlier end",
        )  # fmt: skip
    seed = _opened(code, seal)
    if seed is None:
        return Refusal(
            "seed_sealed_elsewhere", "code", f"the seed of {code} was sealed with another key",
            "draw where the installation's key is",
        )  # fmt: skip
    await db.take_time(conn)
    listed = await _list(conn, code, seed)
    won = await _drawn(seed, code, listed, draw)
    wins = await _write_wins(conn, code, won, listed, now)
    count = sum(entry.pieces for entry in listed)
    await db.show_draw(conn, code, (seed, now, count, await _digest(conn, code)), draw)
    await _count(conn, terms, wins, now, today)
    return won


async def _list(conn: db.Conn, code: str, seed: bytes) -> dict[Entry, UUID]:
    """{entry: the account it is of now}, kept; page by page: tills are served meanwhile."""
    merged: dict[UUID, tuple[UUID, int]] = {}
    async for rows in db.tickets(conn, code, PAGE):
        through = await joining_db.above(conn, list({account for account, _, _ in rows}))
        for account, outcome, pieces in rows:
            _, so_far = merged.get(outcome, (account, 0))
            merged[outcome] = joining_db.way(account, through)[-1], so_far + pieces
    listed: dict[Entry, UUID] = {}
    rest = iter(merged.items())
    while page := list(islice(rest, PAGE)):
        some = {
            Entry(label_of(code, outcome), holder_of(seed, account), pieces): account
            for outcome, (account, pieces) in page
        }
        await db.add_entries(conn, code, some)
        listed |= some
    return listed


async def _drawn(seed: bytes, code: str, listed: Iterable[Entry], draw: Draw) -> list[Winner]:
    """Who wins, computed in a thread that lets tills go first."""
    over = threading.Event()

    def breathe() -> None:
        assert not over.is_set(), "nobody waits for these winners any more"
        time.sleep(PAUSE_S)

    try:
        return await asyncio.to_thread(
            winners, seed, code, listed, draw.drawn, draw.wins, breathe
        )  # fmt: skip
    finally:
        over.set()


async def _digest(conn: db.Conn, code: str) -> bytes:
    """`digest_of` of the list as it is kept."""
    found, last = hashlib.sha256(), ""
    while page := await db.entries(conn, code, last, PAGE):
        found.update(lines_of(page))
        last = page[-1].label
    return found.digest()


async def _write_wins(
    conn: db.Conn, code: str, won: list[Winner], listed: Mapping[Entry, UUID], now: datetime
) -> list[db.Win]:
    whose = {entry.label: account for entry, account in listed.items()}
    rows = [
        db.Win(new_id(), w.item, whose[w.label], None, w.place, w.label, w.number, now)
        for w in won
    ]  # fmt: skip
    if rows:
        await db.add_wins(conn, [code] * len(rows), rows, now)
    return rows


async def _count(
    conn: db.Conn, terms: Terms, wins: list[db.Win], now: datetime, today: date
) -> None:
    """What was won is drawn on budgets, whatever they leave: it was promised."""
    on = {each.item: of_drawn(terms.budgets, each.item) for each in wins}
    if not any(on.values()):
        return
    whose, wanted = await winners_of(conn, {each.account_id for each in wins}), []
    for i, each in enumerate(wins):
        member = whose.get(each.account_id)
        place = Place(today, "", "", member.hex if member is not None else "")
        cost = Cost(min(terms.costs.get(each.item, 0) * 100, MOST_X100), 0, 1)
        wanted.append(Wanted(each.id, on[each.item], place, cost, 1, "marketing"))
        if i % PAGE == 0:
            await asyncio.sleep(0)  # tills go first
    await apart.give(conn, wanted, now)


async def winners_of(conn: db.Conn, accounts: Iterable[UUID]) -> dict[UUID, UUID]:
    """{account: the member whose it is now}, the oldest of a household; nobody's is left out."""
    asked = sorted(accounts)
    through = await joining_db.above(conn, asked)
    last = {account: joining_db.way(account, through)[-1] for account in asked}
    faces = await nicknames_db.faces(conn, list(set(last.values())))
    return {account: faces[top].member for account, top in last.items() if top in faces}


async def hand_over(conn: db.Conn, code: str, win_id: UUID, now: datetime) -> str | Refusal:
    """A prize is in the winner's hands: its item."""
    item = await db.hand_over(conn, code, win_id, now)
    return no_win(code) if item is None else item


def no_win(code: str) -> Refusal:
    """Nobody waits for such a prize."""
    return Refusal(
        "win_unknown", "win_id", f"{code} has no such win that is still to be handed over",
        "look at the draw's wins",
    )  # fmt: skip


def no_draw(code: str) -> Refusal:
    """No program has declared it."""
    return Refusal(
        "draw_unknown", "code", f"there is no draw {code}", "name one that the program declares"
    )


def _opened(code: str, seal: bytes) -> bytes | None:
    return installation.here().unseal(_purpose(code), seal)


def _purpose(code: str) -> str:
    return f"draw {code}"
