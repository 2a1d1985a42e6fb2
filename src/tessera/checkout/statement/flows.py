"""Looking at an account: its wallets with their lots, and its moves, page by page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.checkout.core.tell import balance_at
from tessera.checkout.statement import db
from tessera.checkout.statement.core import (
    MoveTold,
    WalletTold,
    change,
    wallet_told,
    words,
)
from tessera.ledger import db as ledger_db
from tessera.ledger.core import MAIN, Wallet, wallet_id
from tessera.ledger.giving import db as giving_db
from tessera.ledger.giving.db import Moved


class PointsTold(Struct, frozen=True):
    """An account's points: its own first, then other currencies in which it ever had any."""

    account_id: UUID
    wallets: list[WalletTold]


class MovesTold(Struct, frozen=True):
    """A wallet's moves, the newest first; `next` is null on the last page."""

    items: list[MoveTold]
    next: str | None


async def points(conn: db.Conn, account_id: UUID, now: datetime) -> PointsTold:
    """What an account has, in each currency."""
    currencies = await ledger_db.currencies_of(conn, account_id)
    ids = {wallet_id(account_id, each): each for each in [MAIN, *currencies]}
    found = await ledger_db.wallets(await ledger_db.ask_read(conn, list(ids)))
    if found:
        await ledger_db.load_lots(conn, found, list(found), [])
    found.setdefault(account_id, Wallet(account_id, loaded=True))
    told = [
        wallet_told(found[id_], currency, balance_at(found[id_], now), now)
        for id_, currency in ids.items()
        if id_ in found
    ]
    return PointsTold(account_id, told)


async def moves(
    conn: db.Conn, account_id: UUID, currency: str, word: str | None, limit: int
) -> MovesTold | Refusal:
    """An account's moves in one currency. Errors: cursor_unknown."""
    before = _before(word)
    if isinstance(before, Refusal):
        return before
    rows = await giving_db.moves(conn, wallet_id(account_id, currency), before, limit + 1)
    shown = rows[:limit]
    known = await db.origins(conn, [row.outcome_id for row in shown]) if shown else {}
    more = cursor(str(shown[-1].seq)) if len(rows) > limit else None
    return MovesTold([_told(row, known.get(row.outcome_id), account_id) for row in shown], more)


def _told(row: Moved, origin: db.Origin | None, account_id: UUID) -> MoveTold:
    of = origin.kind if origin else row.kind or "run"
    others = {row.account_id, row.to_account_id} - {account_id, None}
    return MoveTold(
        row.seq, row.happened_at, row.posted_at, words(row.source, row.target), row.points,
        change(row.source, row.target, row.points), row.outcome_id, of, row.lot_id,
        origin.store if origin else "", origin.number if origin else "", row.cause or "",
        row.reason or "", next(iter(others), None),
    )  # fmt: skip


def _before(word: str | None) -> int | Refusal | None:
    """The move after which the page begins, downwards."""
    if word is None:
        return None
    last = after(word, 1)
    if isinstance(last, Refusal):
        return last
    whole = last[0].isascii() and last[0].isdecimal() and len(last[0]) <= 18
    return (
        int(last[0])
        if whole
        else Refusal("cursor_unknown", "cursor", "not one of ours", "start without a cursor")
    )
