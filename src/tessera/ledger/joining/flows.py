"""Two accounts become one, and part again, in one transaction with every wallet locked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import Struct
from psycopg.errors import SerializationFailure

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.ledger import core
from tessera.ledger import db as ledger_db
from tessera.ledger.core import MAIN, Life, Lot, Move, Stamp, Wallet, joining, wallet_id
from tessera.ledger.core.joining import Went
from tessera.ledger.joining import db
from tessera.ledger.joining.db import Joining

# (connection, account, since) -> whether it did something that keeps points alive, moves or not
Active = Callable[[db.Conn, UUID, datetime], Awaitable[bool]]
_ANY = Life()  # of a currency that the program does not have any more


class Ask(Struct, frozen=True):
    """Who joins or parts, when, under which id; `lives` is {currency: how its points live}.

    on  the day that it is in the shop; None: in UTC
    """

    id: UUID
    principal_id: UUID
    now: datetime
    lives: Mapping[str, Life]
    on: date | None = None

    @property
    def today(self) -> date:
        """The business day."""
        return self.on or self.now.date()

    @property
    def stamp(self) -> Stamp:
        """On every move."""
        return Stamp(self.id, self.now, self.now)


class Done(Struct, frozen=True):
    """What was done, and what went over in each currency."""

    row: Joining
    went: dict[str, Went]


async def join(conn: db.Conn, ask: Ask, account: UUID, into: UUID) -> Done | Refusal:
    """All that an account owns goes over to another; whoever looks for it finds that one.

    errors  same_account, account_joined, open_holds; SerializationFailure: do it again
    """
    if account == into:
        return Refusal("same_account", "", "both have the same account", "name another member")
    currencies = await _currencies(conn, account, into)
    await _open(conn, account, into, currencies)
    try:
        source, target = await _locked(conn, account, into, currencies)
    except ledger_db.Joined:
        return Refusal(
            "account_joined", "", "one of these accounts was joined to another already",
            "name the member who has it now",
        )  # fmt: skip
    both = [*source.values(), *target.values()]
    await ledger_db.load_carried(conn, both, ask.lives.values(), ask.now)
    if await _currencies(conn, account, into) != currencies:
        raise SerializationFailure("a wallet was begun by somebody else meanwhile")
    if _held(source, ask):
        return _open_holds()
    went: dict[str, Went] = {}
    for currency in currencies:
        mine, theirs = source[currency], target[currency]
        await db.fill(conn, theirs, list(mine.lots))
        life = ask.lives.get(currency, _ANY)
        went[currency] = joining.join(mine, theirs, ask.stamp, life, new_id)
    await _save(conn, ask, both)
    await db.stands(conn, [each.account_id for each in target.values()])
    await db.goes(conn, [(source[c].account_id, target[c].account_id) for c in currencies])
    row = Joining(ask.id, account, into, None, False, ask.principal_id, ask.now, ask.now)
    await db.add(conn, row, went)
    return Done(row, went)


async def part(
    conn: db.Conn, ask: Ask, joining_id: UUID, active: Active, *, keep: bool = False
) -> Done | Refusal:  # fmt: skip
    """An account that was joined to another is there again, with what is left of its own.

    active  asked once the wallets are locked
    keep    the points stay where they are: only what is owed, looked for and earned from now on
            parts
    errors  joining_unknown, joining_undone, joining_covered, open_holds
    """
    was = await db.read(conn, joining_id)
    if was is None or was.undoes is not None:
        return Refusal("joining_unknown", "", "no accounts were joined by this", "check the id")
    if was.undone_by is not None:
        return _undone()
    before = await db.went(conn, joining_id)
    try:
        gone, holder = await _locked(
            conn, was.account_id, was.to_account_id, list(before), parted=False
        )
    except ledger_db.Joined as astray:
        return _undone() if was.to_account_id not in astray.accounts else _covered()
    await ledger_db.load_carried(conn, holder.values(), ask.lives.values(), ask.now)
    if _held(holder, ask):
        return _open_holds()
    if keep:
        went = _owe_back(ask, before, holder, gone)
    else:
        came = await _came(conn, was.id, before, holder, gone)
        if await active(conn, was.to_account_id, was.posted_at) or await db.joined_since(
            conn, was.id
        ):
            before = {currency: each._replace(seq=None) for currency, each in before.items()}
        went = await _part(conn, ask, before, (holder, gone), came)
    await db.stands(conn, [each.account_id for each in gone.values()])
    await _save(conn, ask, [*holder.values(), *gone.values()])
    row = Joining(ask.id, was.account_id, was.to_account_id, was.id, keep, ask.principal_id,
                  ask.now, ask.now)  # fmt: skip
    await db.add(conn, row, went)
    return Done(row, went)


async def gather(
    conn: db.Conn, wallet: Wallet, kin: Sequence[UUID], outcomes: Sequence[UUID],
    moves: dict[UUID, list[Move]],
) -> None:  # fmt: skip
    """Put what operations moved in other wallets of the clan, and their lots, with a wallet's own.

    wallet  locked, with its own lots; kin: the other wallets
    moves   {wallet: its moves}, put in the order in which they were posted
    """
    mine = moves.setdefault(wallet.account_id, [])
    mine += await ledger_db.moves_of(conn, kin, outcomes)
    mine.sort(key=lambda move: (move.posted_at, move.outcome_id, move.seq))
    there = await db.lots_elsewhere(conn, kin, outcomes)
    await db.fill(conn, wallet, [lot.id for lot in there])  # its own, empty ones too
    for lot in there:
        if lot.rolls:
            lot.expires_at = wallet.rolls_until
        _catch_up(wallet, wallet.lots.setdefault(lot.id, lot), lot)


def _catch_up(wallet: Wallet, own: Lot, there: Lot) -> None:
    """An empty row of a lot learns what happened to the lot elsewhere: it ripened, lives longer."""
    if own is there or own.remaining:
        return
    own.pending, wallet.widened = False, True  # what comes back to it had been spent
    if own.expires_at is not None and not own.rolls:
        until = there.expires_at
        own.expires_at = None if until is None else max(own.expires_at, until)


async def _came(
    conn: db.Conn, joining_id: UUID, before: Mapping[str, Went], holder: Mapping[str, Wallet],
    gone: Mapping[str, Wallet],
) -> dict[str, dict[UUID, UUID]]:  # fmt: skip
    """{currency: {lot that came: the operation that had earned it}}."""
    return {
        currency: await db.came(
            conn, holder[currency], gone[currency].account_id, joining_id, was.seq or 0
        )
        for currency, was in before.items()
    }


async def _part(
    conn: db.Conn, ask: Ask, before: Mapping[str, Went],
    both: tuple[Mapping[str, Wallet], Mapping[str, Wallet]],
    came: Mapping[str, Mapping[UUID, UUID]],
) -> dict[str, Went]:  # fmt: skip
    holder, gone = both
    went: dict[str, Went] = {}
    for currency, was in before.items():
        source, target = holder[currency], gone[currency]
        await db.fill(conn, target, list(source.lots))
        life = ask.lives.get(currency, _ANY)
        went[currency] = joining.part(
            (source, target), ask.stamp, life, was, came[currency], new_id
        )  # fmt: skip
    return went


def _owe_back(
    ask: Ask, before: Mapping[str, Went], holder: Mapping[str, Wallet], gone: Mapping[str, Wallet]
) -> dict[str, Went]:  # fmt: skip
    return {
        currency: joining.owe_back(holder[currency], gone[currency], ask.stamp, was)
        for currency, was in before.items()
    }


async def _open(
    conn: db.Conn, account: UUID, into: UUID, currencies: Sequence[str]
) -> None:  # fmt: skip
    """Wallets of other currencies are begun before anything is locked."""
    wanted = [(wallet_id(o, c), o, c) for o in (account, into) for c in currencies if c != MAIN]
    if wanted:
        await ledger_db.open_wallets(conn, sorted(wanted))


async def _locked(
    conn: db.Conn, account: UUID, into: UUID, currencies: Sequence[str], *, parted: bool = True
) -> tuple[dict[str, Wallet], dict[str, Wallet]]:
    """{currency: wallet} of both accounts, locked in the order of ids, with all their lots.

    parted  whether the first is there, or gone to the second
    errors  ledger.db.Joined if it is otherwise, or the second one is gone
    """
    mine = {currency: wallet_id(account, currency) for currency in currencies}
    theirs = {currency: wallet_id(into, currency) for currency in currencies}
    through = {} if parted else {mine[each]: theirs[each] for each in currencies}
    found, _ = await ledger_db.lock(conn, [*mine.values(), *theirs.values()], through)
    await ledger_db.load_lots(conn, found, list(found), [])
    return (
        {currency: found[id_] for currency, id_ in mine.items()},
        {currency: found[id_] for currency, id_ in theirs.items()},
    )


async def _currencies(conn: db.Conn, account: UUID, into: UUID) -> list[str]:
    """In which of both ever had points, the program's own first."""
    found = {MAIN, *await ledger_db.currencies_of(conn, account)}
    return sorted(found | set(await ledger_db.currencies_of(conn, into)))


def _held(wallets: Mapping[str, Wallet], ask: Ask) -> bool:
    """Whether an open checkout keeps points; holds past their deadline are over since then."""
    for currency, wallet in wallets.items():
        pays = ask.lives.get(currency, _ANY).net_debt
        for hold in list(wallet.holds.values()):
            if hold.deadline <= ask.now:
                core.let_go(wallet, ask.stamp, hold.id, "timed_out", pays)
    return any(each.open_holds for each in wallets.values())


def _open_holds() -> Refusal:
    return Refusal(
        "open_holds", "", "an open checkout keeps points of this account",
        "confirm or cancel it, or wait until its time is over",
    )  # fmt: skip


def _undone() -> Refusal:
    return Refusal("joining_undone", "", "these accounts were parted already",
                   "there is nothing left to undo")  # fmt: skip


def _covered() -> Refusal:
    return Refusal(
        "joining_covered", "", "the account that has the points was joined to another since",
        "undo that first: the last joining comes apart first",
    )  # fmt: skip


async def _save(conn: db.Conn, ask: Ask, wallets: Sequence[Wallet]) -> None:
    changed = [each for each in wallets if each.changed()]
    if changed:
        await ledger_db.save(conn, changed, ask.now)
