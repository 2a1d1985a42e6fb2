"""Boards are counted, closed, and their winners paid."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.budgets.apart import flows as apart
from tessera.budgets.apart.core import Wanted
from tessera.budgets.core import Place
from tessera.checkout.boards import core, db
from tessera.checkout.boards.core import Counted, Winner, Won
from tessera.ledger import db as ledger_db
from tessera.ledger.core import MAIN, Life, Stamp, giving
from tessera.ledger.core.ripening import earn
from tessera.ledger.giving import db as giving_db
from tessera.ledger.joining import db as joining_db
from tessera.members.nicknames import db as members_db
from tessera.rules.core.boards import Board
from tessera.rules.core.budgets import Budget, Draw, of_boards
from tessera.warehouse.core import Store

HOUSE = UUID(int=1)  # who does what nobody has asked for
Stores = Mapping[str, Store]


class Terms(Struct, frozen=True):
    """How points live that are won.

    budgets  the program's ceilings; worth_x100: what a point costs, in hundredths of a minor unit
    """

    life: Life
    time_zone: str
    budgets: Mapping[str, Budget] = {}
    worth_x100: int = 0


def stores_of(board: Board, stores: Stores) -> list[str] | None:
    """Where it counts; None is everywhere."""
    if not board.stores and not board.regions:
        return None
    found = {each.id for each in stores.values() if each.region in board.regions and each.region}
    return sorted(found | set(board.stores))


async def count(
    conn: db.Conn, code: str, board: Board, stores: Stores, now: datetime
) -> Counted | None:
    """Count a board that is not closed; None: somebody else does, or it is."""
    if not await db.turn(conn, code):
        return None
    known = (await db.boards(conn)).get(code)
    if known is not None and known.closed_at is not None:
        return None
    began = time.monotonic()
    members = await db.count(conn, code, board, stores_of(board, stores))
    took_ms = round((time.monotonic() - began) * 1000)
    await db.note(conn, code, now, took_ms, members)
    return Counted(code, now, took_ms, members, None, None)


async def close(
    conn: db.Conn, code: str, board: Board, stores: Stores, now: datetime, today: date
) -> list[Won] | Refusal:  # fmt: skip
    """Count a last time, and write down who wins. Once, after the last day.

    today   in the shop
    errors  board_open, board_closed, board_busy
    """
    if today <= board.ends:
        return Refusal(
            "board_open", "board", f"{code} runs until {board.ends}", "close it on a later day"
        )
    known = (await db.boards(conn)).get(code)
    if known is not None and known.closed_at is not None:
        return Refusal("board_closed", "board", f"{code} is closed", "look at who has won")
    if await count(conn, code, board, stores, now) is None:
        return Refusal("board_busy", "board", f"{code} is being counted", "try again in a minute")
    prized = board.prized
    won = core.winners(board.prizes, await db.first(conn, code, prized)) if prized else []
    await db.close(conn, code, now, msgspec.json.encode(board))
    if won:
        await db.add_winners(conn, code, [new_id() for _ in won], won)
    return won


async def pay(conn: db.Conn, id: UUID, terms: Terms, now: datetime) -> bool:
    """Give a winner the points, once; whether it was done now. The caller commits each by itself.

    The account is locked before the winner, as a till does. The operation has the winner's id.
    """
    seen = await db.winner(conn, id)
    if seen is None or seen.paid_at is not None or seen.unpaid:
        return False
    through = await joining_db.above(conn, [seen.account])
    account = joining_db.way(seen.account, through)[-1]
    wallets, _ = await ledger_db.lock(conn, [account])
    held = await db.winner(conn, id, lock=True)
    if held is None or held.paid_at is not None or held.unpaid:
        return False
    if not await members_db.is_present(conn, account):
        await db.pay(conn, id, None, "gone")
        return False
    await ledger_db.load_lots(conn, wallets, [account], [])
    wallet, stamp = wallets[account], Stamp(id, now, now)
    giving.wake(wallet, stamp, terms.life)
    life = giving.fresh(wallet, stamp, terms.life, terms.time_zone, new_id, now)
    earn(wallet, stamp, new_id(), held.points, life)
    await giving_db.add_operation(conn, giving_db.Row(
        id=id, kind="prize", account_id=account, currency=MAIN, points=0, to_account_id=account,
        to_currency=MAIN, to_points=held.points, principal_id=HOUSE, happened_at=now,
        posted_at=now,
    ))  # fmt: skip
    await ledger_db.save(conn, [wallet], now)
    await db.pay(conn, id, now)
    await _count(conn, held, account, terms, now)
    return True


async def _count(
    conn: db.Conn, won: Winner, account: UUID, terms: Terms, now: datetime
) -> None:  # fmt: skip
    """The prize is drawn on budgets; it was promised, so past a ceiling too."""
    budgets = of_boards(terms.budgets)
    if not budgets:
        return
    face = (await members_db.faces(conn, [account])).get(account)
    day = local(now, terms.time_zone).date()
    place = Place(day, "", "", face.member.hex if face is not None else "")
    one = Draw(terms.worth_x100, 1, 0)
    await apart.give(conn, [Wanted(won.id, budgets, place, one, won.points, "marketing")], now)


def terms_of(counted: Counted | None, declared: Board | None) -> Board | None:
    """On which terms a board stands: those of its closing, else the program's."""
    if counted is not None and counted.terms is not None:
        return msgspec.json.decode(counted.terms, type=Board)
    return declared


async def names(
    conn: db.Conn, accounts: Iterable[UUID]
) -> dict[UUID, members_db.Face]:  # fmt: skip
    """Whose accounts these are, and what they let others read."""
    return await members_db.faces(conn, list(accounts))
