"""Openings become lots and debts, many at a time; or a rehearsal says what would become of them.

One batch is one transaction of the caller's: wallets in the order of their ids, as every flow
does, then the openings' own rows. A batch that ends in a crash has written nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from msgspec.structs import replace
from psycopg.errors import SerializationFailure

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.ledger import db as ledger_db
from tessera.ledger.carried import core, db
from tessera.ledger.carried.core import Opening, Order
from tessera.ledger.core import MAIN, Life, Stamp, Wallet, wallet_id
from tessera.ledger.joining import db as joining_db

Outcome = Literal["carried", "known"] | Refusal
Held = Literal["here", "other", "missing"]


async def carry_over(
    conn: db.Conn, openings: Sequence[Opening], order: Order, lives: Mapping[str, Life]
) -> list[Outcome]:
    """Post openings that nobody has carried over yet.

    lives   {currency: how its points live}; the caller has checked that they are declared
    shape   one outcome for each, in their order
    errors  lot_differs, expired_already, days_disagree; SerializationFailure if somebody else
            carries over the same: do it again
    """
    outcomes, fresh = await _sorted(conn, openings, order, lives, tried=False)
    wallets = await _locked(conn, fresh)
    done: list[tuple[UUID, Opening]] = []
    for opening in fresh:
        id_ = new_id()
        wallet = wallets[wallet_id(opening.account_id, opening.currency)]
        stamp = Stamp(id_, opening.earned_at, order.now)
        refusal = core.carry_over(wallet, stamp, opening, order, lives[opening.currency], new_id)
        assert refusal is None, "its terms were looked at before"
        done.append((id_, opening))
    await ledger_db.save(conn, [each for each in wallets.values() if each.changed()], order.now)
    if len(await db.add(conn, order, done)) != len(done):
        raise SerializationFailure("somebody else carries over the same lots")
    return outcomes


async def rehearse(
    conn: db.Conn, openings: Sequence[Opening], order: Order, lives: Mapping[str, Life]
) -> list[Outcome]:
    """What would become of openings after those that this connection has rehearsed before.

    Nothing is written but to temporary tables (`db.begin_rehearsal`).
    """
    outcomes, fresh = await _sorted(conn, openings, order, lives, tried=True)
    await db.add(conn, order, [(new_id(), opening) for opening in fresh], tried=True)
    return outcomes


async def _sorted(
    conn: db.Conn, openings: Sequence[Opening], order: Order, lives: Mapping[str, Life],
    *, tried: bool,
) -> tuple[list[Outcome], list[Opening]]:  # fmt: skip
    """(an outcome for each, those that are new)."""
    said = await _where_they_are(conn, openings)
    written = await db.find(conn, list({each.mark for each in said}), tried=tried)
    there = await _where_they_are(conn, list(written.values()))
    known = {each.mark: each for each in there}
    outcomes: list[Outcome] = []
    fresh: list[Opening] = []
    for opening in said:
        before = known.get(opening.mark)
        outcome: Outcome = "known"
        if before is None:
            found = core.terms(opening, order, lives[opening.currency])
            outcome = found if isinstance(found, Refusal) and opening.points > 0 else "carried"
        elif not opening.told_as(before):
            outcome = core.differs()
        if outcome == "carried":
            known[opening.mark] = opening
            fresh.append(opening)
        outcomes.append(outcome)
    return outcomes, fresh


async def held(conn: db.Conn, openings: Sequence[Opening]) -> list[Held]:
    """Whether these were carried over as they are said here; changes nothing.

    shape  here: so its row says, and its moves; other: its row says something else; missing
    """
    said = await _where_they_are(conn, openings)
    written = await db.find(conn, list({each.mark for each in said}))
    there = {each.mark: each for each in await _where_they_are(conn, list(written.values()))}
    moved = await db.moved(conn, list(written.values()))
    told: list[Held] = []
    for each in said:
        before = there.get(each.mark)
        if before is None or moved.get(each.mark) != before.points:
            told.append("missing")
        else:
            told.append("here" if each.told_as(before) else "other")
    return told


async def _where_they_are(conn: db.Conn, openings: Sequence[Opening]) -> list[Opening]:
    """The same, of the accounts to which theirs have been joined since."""
    accounts = list({each.account_id for each in openings})
    through = await joining_db.above(conn, accounts) if accounts else {}
    if not through:
        return list(openings)
    return [
        replace(each, account_id=joining_db.way(each.account_id, through)[-1]) for each in openings
    ]


async def _locked(conn: db.Conn, openings: Sequence[Opening]) -> dict[UUID, Wallet]:
    """The wallets of these openings, begun where they are not there, with their open lots."""
    if not openings:
        return {}
    whose = {
        wallet_id(each.account_id, each.currency): (each.account_id, each.currency)
        for each in openings
    }
    others = [(id_, *owner) for id_, owner in sorted(whose.items()) if owner[1] != MAIN]
    if others:
        await ledger_db.open_wallets(conn, others)
    accounts = {account for account, _ in whose.values()}
    found, _ = await ledger_db.lock(conn, sorted(accounts | set(whose)))
    await ledger_db.load_lots(conn, found, list(whose), [])
    return {id_: found[id_] for id_ in whose}
