"""Openings: lots and debts as another program says them, and how a wallet takes them. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.ledger.core import Stamp, Terms, Waiting, Wallet, earn, expire, stay_alive
from tessera.ledger.core.giving import wake
from tessera.ledger.core.lives import Life
from tessera.ledger.core.posting import post, take
from tessera.ledger.core.spending import free_lots

MARK_BYTES = 16
Endless = Literal["program", "never"]


class Opening(Struct, frozen=True):
    """A lot, or below zero a debt, as it was said.

    mark        see `mark_of`
    account_id  who has it
    earned_at   of a debt: since when
    expires_at  None: nothing was said
    active_at   from when it can be spent; None: at once
    dated       the file said when it was earned; else it is the day of the load
    endless     how it lives if no end is said
    """

    mark: bytes
    account_id: UUID
    currency: str
    points: int
    earned_at: datetime
    expires_at: datetime | None = None
    active_at: datetime | None = None
    dated: bool = True
    endless: Endless = "program"

    def told_as(self, written: Opening) -> bool:
        """Whether this says again what is written."""
        mine, old = (
            (each.account_id, each.currency, each.points, each.expires_at, each.active_at)
            for each in (self, written)
        )
        return mine == old and (not self.dated or self.earned_at == written.earned_at)


class Order(Struct, frozen=True):
    """By what a batch is carried over.

    source  the other program's name
    zone    the time zone of its days
    now     when it is posted
    """

    source: str
    zone: str
    now: datetime


def mark_of(source: str, number: str) -> bytes:
    """What tells one opening from all others: 16 bytes of a SHA-256."""
    return sha256(f"{source}\0{number}".encode("utf-8", "replace")).digest()[:MARK_BYTES]


def differs() -> Refusal:
    """The refusal of an opening that was carried over with another story."""
    return Refusal(
        "lot_differs", "points", "this lot was carried over before, with other points or dates",
        "give it a number of its own; what is in the ledger is put right by an adjustment",
    )  # fmt: skip


def _never_active() -> Refusal:
    return Refusal(
        "days_disagree", "active", "these points would expire before they can be spent",
        "correct one of the dates, or leave the row out",
    )  # fmt: skip


def terms(opening: Opening, order: Order, life: Life) -> Terms | Refusal:
    """How an opening's points live. Errors: expired_already, days_disagree"""
    until, rolls = opening.expires_at, False
    if until is None and opening.endless == "program":
        at_once = Life(life.expiry, None, life.net_debt, life.clawback_other_lots)
        made = at_once.terms(opening.earned_at, order.zone)
        until, rolls = made.expires_at, made.rolls
    if until is not None and until <= order.now:
        return Refusal(
            "expired_already", "expires", "these points have expired before they could move in",
            "correct the date, or leave the row out",
        )  # fmt: skip
    waiting = None
    if opening.active_at is not None and opening.active_at > order.now:
        if until is not None and not rolls and until <= opening.active_at:
            return _never_active()
        waiting = Waiting(opening.active_at)
    return Terms(until, rolls, waiting, life.net_debt)


def carry_over(
    wallet: Wallet, stamp: Stamp, opening: Opening, order: Order, life: Life,
    new_id: Callable[[], UUID],
) -> Refusal | None:  # fmt: skip
    """Post an opening in a locked wallet whose open lots are loaded; a refusal has moved nothing.

    stamp   happened when the points were earned
    errors  expired_already, days_disagree
    """
    if opening.points < 0:
        _owe(wallet, stamp, -opening.points, life)
        return None
    found = terms(opening, order, life)
    if isinstance(found, Refusal):
        return found
    alive = life.alive_until(order.now, order.zone) if found.rolls else None
    if alive is not None:
        expire(wallet, _now(stamp), stamp.posted_at, new_id, life.carry)
        stay_alive(wallet, alive)
    earn(wallet, stamp, new_id(), opening.points, found, "carried_over")
    return None


def _owe(wallet: Wallet, stamp: Stamp, points: int, life: Life) -> None:
    """A debt begins; where debts are netted, what is there and free pays it."""
    post(wallet, stamp, "debt", "carried_over", points, None)
    if not life.net_debt:
        return
    wake(wallet, _now(stamp), life)  # it may have paid already
    for lot, room in free_lots(wallet, stamp.posted_at, stamp.posted_at):
        part = min(room, wallet.debt)
        if part:
            take(wallet, _now(stamp), lot, part, "debt")


def _now(stamp: Stamp) -> Stamp:
    """What follows from an opening happens when it is posted."""
    return Stamp(stamp.outcome_id, stamp.posted_at, stamp.posted_at)
