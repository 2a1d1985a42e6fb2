"""Two wallets of one currency become one, and part again. Pure; both are locked, with their lots.

What an account owns goes over as it is: lots keep their ids, dates and what they wait for, what is
owed goes along, no debt is paid by it. A lot that has been in both wallets has a row in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from tessera.ledger.core.expiring import stay_alive
from tessera.ledger.core.giving import NewId
from tessera.ledger.core.lives import Life
from tessera.ledger.core.posting import post, put, take
from tessera.ledger.core.running import post_due
from tessera.ledger.core.words import Lot, Stamp, Wallet


class Went(NamedTuple):
    """What went over in one currency, and until when the rolling points of the taker lived.

    rolls_before  of the wallet that takes, before it; rolls_after: after it
    seq           of its last move then; None: it was active or joined since, moves or not
    """

    points: int = 0
    debt: int = 0
    rolls_before: datetime | None = None
    rolls_after: datetime | None = None
    seq: int | None = 0


def join(source: Wallet, target: Wallet, stamp: Stamp, life: Life, new_id: NewId) -> Went:
    """All that is in `source` goes over to `target`; nothing of it is held.

    What time has done is posted first. Points that live with activity live as long as those of the
    wallet that was active last: both are the same owner's.
    """
    for wallet in (source, target):
        post_due(wallet, stamp, life, new_id)
    before = target.rolls_until
    if source.rolls_until is not None:
        stay_alive(target, source.rolls_until)
    points = sum(_carry(source, target, stamp, lot) for lot in _open(source))
    debt = _owe(source, target, stamp, source.debt)
    return Went(points, debt, before, target.rolls_until, target.seq)


def part(
    pair: tuple[Wallet, Wallet], stamp: Stamp, life: Life, went: Went, came: Mapping[UUID, UUID],
    new_id: NewId,
) -> Went:  # fmt: skip
    """What is left of all that had come to the first wallet goes back to the second.

    went  what had gone over
    came  {lot that had come: the operation that had earned it}, empty ones too; what has grown out
          of them since (carried over a season, given a grace) is of the same operation, and goes
          back as well

    Law: each side gets what is left of its own lots. The till takes what expires first, whoever
    had brought it; what was earned since stays. Of what came as debt so much goes back as is still
    owed. Points that live with activity live on as before only where nothing has happened since;
    else as long as they would have together.
    """
    source, target = pair
    quiet = source.seq == went.seq and source.rolls_until == went.rolls_after
    post_due(source, stamp, life, new_id)
    if quiet:
        _live_as_before(source, went.rolls_before)
    elif source.rolls_until is not None:
        stay_alive(target, source.rolls_until)
    earned = set(came.values())
    mine = [lot for lot in _open(source) if lot.id in came or lot.outcome_id in earned]
    points = sum(_carry(source, target, stamp, lot) for lot in mine)
    debt = _owe(source, target, stamp, min(went.debt, source.debt))
    return Went(points, debt, target.rolls_until, target.rolls_until, target.seq)


def owe_back(source: Wallet, target: Wallet, stamp: Stamp, went: Went) -> Went:
    """The points stay with the first wallet; nobody leaves there what he owes."""
    debt = _owe(source, target, stamp, min(went.debt, source.debt))
    return Went(0, debt, target.rolls_until, target.rolls_until, target.seq)


def _live_as_before(wallet: Wallet, until: datetime | None) -> None:
    if wallet.rolls_until == until:
        return
    wallet.rolls_until, wallet.widened = until, True
    for lot in wallet.lots.values():
        lot.expires_at = until if lot.rolls else lot.expires_at


def _open(wallet: Wallet) -> list[Lot]:
    return [lot for lot in sorted(wallet.lots.values(), key=Lot.order) if lot.remaining]


def _carry(source: Wallet, target: Wallet, stamp: Stamp, lot: Lot) -> int:
    """A lot goes on in the other wallet, with all that is left of it."""
    points = lot.remaining
    take(source, stamp, lot, points, "joined")
    there = target.lots.get(lot.id)
    if there is None:
        there = replace(lot, remaining=0, came_from=source.account_id)
        target.lots[lot.id] = there
    elif not there.remaining:
        there.pending = lot.pending  # it became active where it was meanwhile
    there.expires_at = target.rolls_until if lot.rolls else lot.expires_at
    source.widened = target.widened = True
    put(target, stamp, there, points, "joined")
    return points


def _owe(source: Wallet, target: Wallet, stamp: Stamp, points: int) -> int:
    """What is owed is owed by the other wallet from now on."""
    if points:
        post(source, stamp, "joined", "debt", points, None)
        post(target, stamp, "debt", "joined", points, None)
    return points
