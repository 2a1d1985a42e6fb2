"""Points that leave an account besides a purchase, and where they arrive. Pure.

All functions take locked wallets with their lots; a refusal has moved nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.ledger.core.expiring import expire, extend, stay_alive
from tessera.ledger.core.lives import Life
from tessera.ledger.core.posting import post, take
from tessera.ledger.core.ripening import earn, ripen_due
from tessera.ledger.core.spending import free_lots, pick
from tessera.ledger.core.ways import Rate, Sending
from tessera.ledger.core.words import Bucket, Lot, Stamp, Terms, Waiting, Wallet

NewId = Callable[[], UUID]
MOST = 10**12  # points that come in one operation: far below what a sum can hold


class Part(Struct, frozen=True):
    """Points that left together from one lot, and when they would have expired."""

    points: int
    expires_at: datetime | None


class Longer(Struct, frozen=True):
    """A lot that lives longer: its points, until when it would have lived, until when now."""

    lot_id: UUID
    points: int
    old: datetime
    new: datetime


def wake(wallet: Wallet, stamp: Stamp, life: Life) -> None:
    """Post what can be spent since: what leaves is never pending."""
    if wallet.pending:
        ripen_due(wallet, stamp, stamp.happened_at, life.net_debt)


def spare(wallet: Wallet, stamp: Stamp, alive_at: datetime) -> int:
    """Points that may leave: ripe, not held, alive at that instant, beyond what is owed."""
    return max(0, sum(room for _, room in _loose(wallet, stamp, alive_at)) - wallet.debt)


def _loose(wallet: Wallet, stamp: Stamp, alive_at: datetime) -> list[tuple[Lot, int]]:
    free = free_lots(wallet, stamp.happened_at, stamp.posted_at)
    return [(lot, room) for lot, room in free if lot.live(alive_at)]


def shortage(wallet: Wallet, stamp: Stamp, points: int, alive_at: datetime) -> Refusal | None:
    """Why so many points may not leave, of those alive at that instant; None if they may."""
    there = spare(wallet, stamp, alive_at)
    if points <= there:
        return None
    why = f"{points} points asked, {there} may leave"
    cure = f"ask for {there} or fewer" if there else "wait until there are points to let go"
    return Refusal("points_short", "points", why, cure)


def leave(
    wallet: Wallet, stamp: Stamp, points: int, target: Bucket, alive_at: datetime | None = None
) -> list[Part] | Refusal:
    """Points leave, those first that expire first. Who owes keeps as much as is owed.

    alive_at  only points that live beyond this instant; None: that are not expired
    """
    alive_at = alive_at or stamp.happened_at
    short = shortage(wallet, stamp, points, alive_at)
    if short is not None:
        return short
    picked = pick(_loose(wallet, stamp, alive_at), points)
    assert not isinstance(picked, int), "there are enough"
    for lot, part in picked:
        take(wallet, stamp, lot, part, target)
    return [Part(part, lot.expires_at) for lot, part in picked]


def send(
    pair: tuple[Wallet, Wallet], stamp: Stamp, points: int, way: Sending, terms: Terms,
    new_id: NewId,
) -> int | Refusal:  # fmt: skip
    """Points go from the first wallet to the second, less the fee, which is spent.

    terms  how they live there; with `keeps_expiry` each until its own end
    shape  the points that arrived; those that expire together are one lot
    """
    sender, receiver = pair
    ready, fee = ready_at(stamp, way), way.fee(points)
    # Both at once, so that a refusal has moved nothing. What would expire before the receiver could
    # spend it does not leave.
    short = shortage(sender, stamp, points, ready)
    if short is not None:
        return short
    parts = leave(sender, stamp, points - fee, "sent", ready)
    assert not isinstance(parts, Refusal), "it was there"
    if fee:
        leave(sender, stamp, fee, "spent", ready)
    waiting = Waiting(ready) if way.delay_hours else None
    if not way.keeps_expiry:
        parts = [Part(points - fee, terms.expires_at)]
    for part in _together(parts):
        rolls = terms.rolls and not way.keeps_expiry
        life = Terms(part.expires_at, rolls, waiting, terms.net_debt)
        earn(receiver, stamp, new_id(), part.points, life, "sent")
    return points - fee


def ready_at(stamp: Stamp, way: Sending) -> datetime:
    """When the receiver can spend what is sent now."""
    return stamp.happened_at + timedelta(hours=way.delay_hours)


def _together(parts: Sequence[Part]) -> list[Part]:
    """Points that expire together become one lot, in the order in which they left."""
    sums: dict[datetime | None, int] = {}
    for part in parts:
        sums[part.expires_at] = sums.get(part.expires_at, 0) + part.points
    return [Part(points, expires_at) for expires_at, points in sums.items()]


def fresh(
    wallet: Wallet, stamp: Stamp, life: Life, zone: str, new_id: NewId, ready: datetime
) -> Terms:
    """How points live that are put into this wallet: as if they were earned when they are ready.

    Where points live with activity, getting some is one: what has expired before is posted first.
    """
    until = life.alive_until(ready, zone)
    if until is not None:
        expire(wallet, stamp, stamp.happened_at, new_id)
        stay_alive(wallet, until)
    return _at_once(life).terms(ready, zone)


def _at_once(life: Life) -> Life:
    """The same life without a wait: no goods can come back for which these were given."""
    return Life(life.expiry, None, life.net_debt, life.clawback_other_lots)


def exchange(
    pair: tuple[Wallet, Wallet], stamp: Stamp, points: int, rate: Rate, terms: Terms, new_id: NewId
) -> tuple[int, int] | Refusal:
    """Points of one currency become points of another; what fits no `give` stays.

    shape  (points that left, points that came)
    """
    times = rate.times(points)
    if not times:
        why = f"{points} points asked, {rate.give} become {rate.get}"
        return Refusal("amount_refused", "points", why, f"send {rate.give} or more")
    if times * rate.get > MOST:
        why = f"{points} points would become {times * rate.get}, at most {MOST} in one go"
        return Refusal("amount_refused", "points", why, "exchange fewer at a time")
    gone = leave(pair[0], stamp, times * rate.give, "exchanged")
    if isinstance(gone, Refusal):
        return gone
    earn(pair[1], stamp, new_id(), times * rate.get, terms, "exchanged")
    return times * rate.give, times * rate.get


def donate(wallet: Wallet, stamp: Stamp, points: int) -> Refusal | None:
    """Points go to a cause."""
    gone = leave(wallet, stamp, points, "donated")
    return gone if isinstance(gone, Refusal) else None


def credit(wallet: Wallet, stamp: Stamp, points: int, terms: Terms, new_id: NewId) -> None:
    """Points are put in by hand; a debt is paid from them if the terms say so."""
    earn(wallet, stamp, new_id(), points, terms, "adjusted")


def debit(wallet: Wallet, stamp: Stamp, points: int, owing: bool) -> Refusal | None:
    """Points are taken out by hand. Held and pending ones stay.

    owing  what is not there is owed; else it is refused
    """
    free = free_lots(wallet, stamp.happened_at, stamp.posted_at)
    there = min(points, sum(room for _, room in free))
    if there < points and not owing:
        why = f"{points} points asked, {there} are there"
        cure = "ask for fewer, or let the rest be owed (`owing`)"
        return Refusal("points_short", "points", why, cure)
    if there:
        picked = pick(free, there)
        assert not isinstance(picked, int), "no more is asked than there is"
        for lot, part in picked:
            take(wallet, stamp, lot, part, "adjusted")
    if points > there:
        post(wallet, stamp, "debt", "adjusted", points - there, None)
    return None


def lengthen(wallet: Wallet, stamp: Stamp, before: datetime, until: datetime) -> list[Longer]:
    """Lots that would expire before an instant live until another one, later than theirs.

    What has expired stays expired; points that live with activity are left alone.
    """
    found = []
    for lot in sorted(wallet.lots.values(), key=Lot.order):
        old = lot.expires_at
        if not lot.remaining or lot.rolls or old is None or not lot.live(stamp.happened_at):
            continue
        if old < before and old < until:
            extend(wallet, lot, until)
            found.append(Longer(lot.id, lot.remaining, old, until))
    return found
