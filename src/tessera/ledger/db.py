"""The ledger in our database. `ask_` functions send and do not wait: they run in a pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from msgspec.structs import astuple
from psycopg import AsyncConnection
from psycopg.errors import SerializationFailure

from tessera.base.columns import Bigints, Bytes, Integers, Texts, Times, Uuids
from tessera.base.sql import statements
from tessera.base.wire import Rows, ask, put
from tessera.ledger.core import Hold, Life, Lot, Move, Run, Wallet, look_again

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]
STRAIGHT: Mapping[UUID, UUID] = MappingProxyType({})


class Joined(SerializationFailure):
    """An account is not where it was looked for: it was joined to another, or parted, meanwhile.

    accounts  of which that is so. Nothing was written: roll back, find out where they are, do it
              again.
    """

    def __init__(self, accounts: Sequence[UUID]) -> None:
        super().__init__("an account was joined to another")
        self.accounts = tuple(accounts)


async def open_accounts(conn: Conn, accounts: Sequence[UUID]) -> Rows:
    """Begin the accounts that do not exist yet; read what was begun with `wallets`."""
    return await ask(conn, SQL["open_accounts"], (Uuids(list(accounts)),))


async def lock(
    conn: Conn, ids: Sequence[UUID], through: Mapping[UUID, UUID] = STRAIGHT
) -> tuple[dict[UUID, Wallet], list[UUID]]:
    """Lock wallets, and begin the accounts among them that do not exist: (wallets, those begun).

    Wallets of other currencies must be there (`open_wallets`, before anything is locked).

    through  {account: the one it was joined to}, of those among them that are known to be gone
    errors   SerializationFailure if somebody else began one of the accounts meanwhile: do it again;
             Joined, one of these, if one of them is gone and was not known to be, or is back

    No transactions that lock like this, once, wait for each other in a circle. There are three
    steps: wallets are begun, what is there is locked, accounts are begun. Whoever waits in one
    waits for somebody who is as far or further: who waits for a lock has begun no account yet.
    Within a step everybody goes by the order of ids. An account that another has begun meanwhile
    is not locked now: that would be a lock out of its order.
    """
    ids = sorted(ids)
    found = await wallets(await ask_lock(conn, ids))
    missing = [id_ for id_ in ids if id_ not in found]
    if missing:
        found |= await wallets(await open_accounts(conn, missing))
        if any(id_ not in found for id_ in missing):
            raise SerializationFailure("an account was begun by somebody else meanwhile")
    require_there(found, through)
    return found, missing


def require_there(found: Mapping[UUID, Wallet], through: Mapping[UUID, UUID] = STRAIGHT) -> None:
    """Locked wallets are where they were looked for. Errors: Joined."""
    astray = [id_ for id_, each in found.items() if each.gone_to != through.get(id_)]
    if astray:
        raise Joined(astray)


async def open_wallets(conn: Conn, wanted: Sequence[tuple[UUID, UUID, str]]) -> None:
    """Begin wallets of other currencies: (id, account, currency) of each."""
    await conn.execute(SQL["open_wallets"], [list(column) for column in zip(*wanted, strict=True)])


async def ask_lock(conn: Conn, accounts: Sequence[UUID]) -> Rows:
    """Lock the accounts in the order of their ids; read with `wallets`."""
    return await ask(conn, SQL["lock_accounts"], (Uuids(accounts),))


async def ask_read(conn: Conn, accounts: Sequence[UUID]) -> Rows:
    """Read the accounts without a lock; read with `wallets`."""
    return await ask(conn, SQL["read_accounts"], (Uuids(accounts),))


async def currencies_of(conn: Conn, account_id: UUID) -> list[str]:
    """The currencies in which an account ever had points, its own first."""
    rows = await conn.execute(SQL["wallets_of"], {"account": account_id})
    return [currency for _, currency in await rows.fetchall()]


async def wallets(rows: Rows) -> dict[UUID, Wallet]:
    """{account: its wallet}, lots not loaded; accounts that never began are left out."""
    return {row[0]: Wallet(*row) for row in await rows.fetchall()}


async def load_lots(
    conn: Conn, found: dict[UUID, Wallet], accounts: Sequence[UUID], outcomes: Sequence[UUID]
) -> dict[UUID, list[Move]]:
    """Fill these wallets with their open lots and holds, and those of earlier operations.

    accounts  must be locked by now: these statements see what the lock waited for
    outcomes  sales and their returns; the result holds their moves by account
    """
    ids = list(accounts)
    moves: dict[UUID, list[Move]] = {}
    lots = [await conn.execute(SQL["open_lots"], (ids,))]
    holds = await conn.execute(SQL["open_holds"], (ids,))
    if outcomes:
        lots.append(
            await conn.execute(
                SQL["lots_of_outcomes"], {"accounts": ids, "outcomes": list(outcomes)}
            )
        )
        old = await conn.execute(SQL["moves_of_outcomes"], (ids, list(outcomes)))
        for account_id, *rest in await old.fetchall():
            moves.setdefault(account_id, []).append(Move(*rest))
    for account_id in ids:
        found[account_id].loaded = True
    for rows in lots:
        for account_id, *rest in await rows.fetchall():
            lot, wallet = Lot(*rest), found[account_id]
            if lot.rolls:
                lot.expires_at = wallet.rolls_until
            wallet.lots[lot.id] = lot
    for account_id, hold_id, placed_at, deadline, lot_id, points in await holds.fetchall():
        mine = found[account_id].holds
        hold = mine.setdefault(hold_id, Hold(hold_id, placed_at, deadline, {}))
        hold.pins[lot_id] = points
    return moves


async def load_carried(
    conn: Conn, loaded: Iterable[Wallet], lives: Iterable[Life], by: datetime
) -> None:
    """Where a season carries over: what it carried before, in wallets with points that expire.

    loaded  locked, with their lots
    lives   of the points in them: without a season that carries over nothing is asked
    by      whatever expires later is not looked at
    """
    if not any(life.carries for life in lives):
        return
    over = {
        wallet.account_id: wallet
        for wallet in loaded
        if any(x.remaining and x.expires_at and x.expires_at <= by for x in wallet.lots.values())
    }
    if not over:
        return
    for wallet in over.values():
        wallet.carried.clear()
    rows = await conn.execute(SQL["carried_before"], {"accounts": list(over)})
    for account_id, at, gone, carried in await rows.fetchall():
        mine = over[account_id].carried
        before = mine.get(at, (0, 0))
        mine[at] = (before[0] + gone, before[1] + carried)


async def moves_of(
    conn: Conn, accounts: Sequence[UUID], outcomes: Sequence[UUID]
) -> list[Move]:  # fmt: skip
    """What operations moved in these wallets, and what has expired there or lived on since."""
    rows = await conn.execute(SQL["moves_of_outcomes"], (list(accounts), list(outcomes)))
    return [Move(*rest) for _, *rest in await rows.fetchall()]


async def save(conn: Conn, changed: Sequence[Wallet], now: datetime) -> None:
    """Write what has changed in these wallets: one statement per table, whatever their number."""
    for wallet in changed:
        look_again(wallet)
    await _save_accounts(conn, changed)
    wide = [wallet for wallet in changed if wallet.widened]
    if wide:
        await _save_waiting(conn, wide)
    await _add_moves(conn, [(w.account_id, move) for w in changed for move in w.moves])
    opened = [(w.account_id, lot) for w in changed for lot in w.new_lots]
    if opened:
        await _add_lots(conn, [each for each in opened if not _waits(each[1])])
        await _add_waiting_lots(conn, [each for each in opened if _waits(each[1])])
    new = {(of, lot.id) for of, lot in opened}  # a lot that goes over is in two wallets
    touched = [
        (w, lot_id, w.lots[lot_id].remaining)
        for w in changed
        for lot_id in w.changed_lots
        if (w.account_id, lot_id) not in new
    ]
    await _save_lots(conn, touched)
    await _save_holds(conn, changed, now)


def _waits(lot: Lot) -> bool:
    return lot.pending or lot.rolls or lot.came_from is not None


async def _save_lots(conn: Conn, touched: Sequence[tuple[Wallet, UUID, int]]) -> None:
    plain = [(w.account_id, lot_id, left) for w, lot_id, left in touched if not w.widened]
    if plain:
        columns = [list(column) for column in zip(*plain, strict=True)]
        await conn.execute(SQL["save_lots"], columns)
    lots = [(w.account_id, w.lots[lot_id]) for w, lot_id, _ in touched if w.widened]
    if lots:
        rows = [
            (of, lot.id, lot.remaining, lot.pending, None if lot.rolls else lot.expires_at)
            for of, lot in lots
        ]
        columns = [list(column) for column in zip(*rows, strict=True)]
        await conn.execute(SQL["save_waiting_lots"], columns)


async def _save_waiting(conn: Conn, wide: Sequence[Wallet]) -> None:
    rows = [(w.account_id, w.pending, w.soonest_ripe, w.rolls_until) for w in wide]
    columns = [list(column) for column in zip(*rows, strict=True)]
    await conn.execute(SQL["save_waiting"], columns)


async def _add_waiting_lots(conn: Conn, opened: Sequence[tuple[UUID, Lot]]) -> None:
    if not opened:
        return
    rows = [
        (of, lot.id, lot.outcome_id, lot.earned_at, None if lot.rolls else lot.expires_at,
         lot.points, lot.remaining, lot.pending, lot.activates_at, lot.waits_for, lot.rolls,
         lot.came_from)
        for of, lot in opened
    ]  # fmt: skip
    columns = [list(column) for column in zip(*rows, strict=True)]
    await conn.execute(SQL["add_waiting_lots"], columns)


async def _add_lots(conn: Conn, opened: Sequence[tuple[UUID, Lot]]) -> None:
    if not opened:
        return
    await put(
        conn,
        SQL["add_lots"],
        (
            Uuids([account_id for account_id, _ in opened]), Uuids([lot.id for _, lot in opened]),
            Uuids([lot.outcome_id for _, lot in opened]),
            Times([lot.earned_at for _, lot in opened]),
            Times([lot.expires_at for _, lot in opened]),
            Bigints([lot.points for _, lot in opened]),
            Bigints([lot.remaining for _, lot in opened]),
        ),
    )  # fmt: skip


async def _save_accounts(conn: Conn, changed: Sequence[Wallet]) -> None:
    await put(
        conn,
        SQL["save_accounts"],
        (
            Uuids([w.account_id for w in changed]), Bigints([w.seq for w in changed]),
            Bytes([w.head for w in changed]), Bigints([w.active for w in changed]),
            Bigints([w.debt for w in changed]), Integers([w.open_holds for w in changed]),
            Times([w.soonest_expiry for w in changed]),
        ),
    )  # fmt: skip


async def _add_moves(conn: Conn, moves: Sequence[tuple[UUID, Move]]) -> None:
    if not moves:
        return
    await put(
        conn,
        SQL["add_moves"],
        (
            Uuids([account_id for account_id, _ in moves]), Bigints([m.seq for _, m in moves]),
            Uuids([m.outcome_id for _, m in moves]), Texts([m.source for _, m in moves]),
            Texts([m.target for _, m in moves]), Bigints([m.points for _, m in moves]),
            Uuids([m.lot_id for _, m in moves]), Times([m.happened_at for _, m in moves]),
            Times([m.posted_at for _, m in moves]), Bytes([m.hash for _, m in moves]),
        ),
    )  # fmt: skip


async def _save_holds(conn: Conn, changed: Sequence[Wallet], now: datetime) -> None:
    placed = [(w.account_id, hold) for w in changed for hold in w.new_holds]
    if placed:
        await conn.execute(SQL["add_holds"], [list(column) for column in zip(*[
            (a, hold.id, hold.points, hold.placed_at, hold.deadline) for a, hold in placed
        ], strict=True)])  # fmt: skip
        await conn.execute(SQL["add_pins"], [list(column) for column in zip(*[
            (a, hold.id, lot_id, points)
            for a, hold in placed
            for lot_id, points in hold.pins.items()
        ], strict=True)])  # fmt: skip
    ended = [(w.account_id, i, now, how) for w in changed for i, how in w.ended_holds.items()]
    if ended:
        await conn.execute(SQL["end_holds"], [list(column) for column in zip(*ended, strict=True)])


class Due(NamedTuple):
    """A wallet in which time has done something; `due` is when."""

    due: datetime
    id: UUID
    currency: str


async def due_page(conn: Conn, run: Run, most: int) -> list[Due]:
    """The next wallets for a run, in the order of their time."""
    asked = {"at": run.at, "after": run.after, "after_id": run.after_id, "most": most}
    due = SQL["ripe_wallets"] if run.phase == "ripe" else SQL["over_wallets"]
    rows = await conn.execute(due, asked)
    return [Due(*row) for row in await rows.fetchall()]


async def count_due(conn: Conn, at: datetime) -> int:
    """About how many wallets a run would look at."""
    row = await (await conn.execute(SQL["count_due"], {"at": at})).fetchone()
    assert row is not None
    return int(row[0])


async def open_run(conn: Conn) -> Run | None:
    """The run that was begun and not finished."""
    row = await (await conn.execute(SQL["open_run"])).fetchone()
    return None if row is None else Run(*row)


async def newest_runs(conn: Conn, most: int) -> list[Run]:
    """The last runs, the newest first."""
    return [Run(*row) for row in await (await conn.execute(SQL["newest_runs"], (most,))).fetchall()]


async def save_run(conn: Conn, run: Run) -> None:
    """Write down how far a run is."""
    await conn.execute(SQL["save_run"], astuple(run))


async def take_turn(conn: Conn) -> bool:
    """One run at a time, none while old receipts are loaded. It ends with the connection."""
    return await _yes(conn, "take_turn")


async def end_turn(conn: Conn) -> None:
    """Another may run."""
    await conn.execute(SQL["end_turn"])


async def bar_runs(conn: Conn) -> bool:
    """No runs while this connection lives, or until `unbar_runs`; false while there is one."""
    return await _yes(conn, "bar_runs")


async def lead_loads(conn: Conn) -> bool:
    """Of several loads one lets time pass; until `end_lead`, or the connection's end."""
    return await _yes(conn, "lead_loads")


async def end_lead(conn: Conn) -> None:
    """Another load may let time pass."""
    await conn.execute(SQL["end_lead"])


async def unbar_runs(conn: Conn) -> None:
    """Runs may come again."""
    await conn.execute(SQL["unbar_runs"])


async def _yes(conn: Conn, name: str) -> bool:
    row = await (await conn.execute(SQL[name])).fetchone()
    assert row is not None
    return bool(row[0])


async def currencies(conn: Conn, wallets: Sequence[UUID]) -> dict[UUID, str]:
    """{wallet: its currency}."""
    rows = await conn.execute(SQL["currencies"], (list(wallets),))
    return dict(await rows.fetchall())


async def overdue_holds(conn: Conn, now: datetime, most: int) -> list[UUID]:
    """Accounts with holds past their deadline."""
    rows = await conn.execute(SQL["overdue_holds"], (now, most))
    return [row[0] for row in await rows.fetchall()]
