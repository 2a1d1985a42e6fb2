"""What must hold after every step, said naively: sums, orders, pins, and plain arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from faults.simulation.tables import Tables
from tessera.base.clock import MAX_SKEW
from tessera.ledger.core import FAR, Lot, Move
from tessera.ledger.proof.core import first_fault
from tessera.warehouse.core import Receipt

PERCENT, MILES_PER = 2, 100


@dataclass
class Bought:
    """A sale that was acknowledged, and what of it the customer keeps."""

    id: UUID
    ask: Receipt
    account: UUID | None
    spent: int
    kept: list[int]
    returns: list[UUID] = field(default_factory=list)

    def minor(self, units: Sequence[int]) -> int:
        """What so many units of the lines cost."""
        return sum(n * line.unit_minor for n, line in zip(units, self.ask.lines, strict=True))

    def worth(self) -> tuple[int, int, int]:
        """(points earned, points spent, miles earned) for what is kept: all that is to be true."""
        if self.account is None:
            return 0, 0, 0
        whole = self.minor([line.quantity for line in self.ask.lines])
        now = self.minor(self.kept)
        spent = self.spent * now // whole if whole else 0
        return (now - spent) * PERCENT // 100, spent, (now - spent) // MILES_PER


def net(moves: Sequence[Move], source: str, target: str) -> int:
    """Points that went into a bucket of the program from one side, less what came back."""
    into = sum(m.points for m in moves if m.target == target)
    return into - sum(m.points for m in moves if m.source == source)


def check_sums(tables: Tables, id_: UUID) -> None:
    """The row, the lots and the moves say the same; no lot is below zero or above its beginning."""
    seq, head, active, debt, open_holds, soonest, pending, *_ = tables.accounts[id_]
    moves, lots = tables.moves[id_], tables.lots[id_]
    for name, figure in (("active", active), ("pending", pending), ("debt", -debt)):
        assert net(moves, name, name) == figure, f"{name} is what its moves say"
    assert min(active, pending, debt) >= 0
    assert active == sum(lot.remaining for lot in lots.values() if not lot.pending)
    assert pending == sum(lot.remaining for lot in lots.values() if lot.pending)
    inside = {"active", "pending"}
    flow = dict.fromkeys(lots, 0)
    for m in moves:
        if m.lot_id is not None:
            flow[m.lot_id] += m.points * ((m.target in inside) - (m.source in inside))
    for lot in lots.values():
        assert flow[lot.id] == lot.remaining and 0 <= lot.remaining <= lot.points
        if lot.remaining and lot.expires_at is not None and not lot.rolls:
            assert soonest is not None and soonest <= lot.expires_at, "nobody would look in time"
    assert (seq, head) == ((len(moves), moves[-1].hash) if moves else (0, b""))
    still = [hold for hold in tables.holds.get(id_, {}) if hold not in tables.endings]
    assert open_holds == len(still)


def check_chain(tables: Tables) -> None:
    """Every move is in the chain of its wallet."""
    for id_, moves in tables.moves.items():
        assert first_fault(id_, moves) is None


def pins(tables: Tables, id_: UUID, now: datetime) -> dict[UUID, int]:
    """{lot: points} of it that open checkouts keep."""
    kept: dict[UUID, int] = {}
    for hold in tables.holds.get(id_, {}).values():
        if hold.id not in tables.endings and hold.deadline > now:
            for lot_id, points in hold.pins.items():
                kept[lot_id] = kept.get(lot_id, 0) + points
    return kept


def check_pins(tables: Tables, id_: UUID, now: datetime) -> None:
    """Whatever happened, an open checkout has its points."""
    for lot_id, points in pins(tables, id_, now).items():
        assert tables.lots[id_][lot_id].remaining >= points, "a hold was broken"


@dataclass(frozen=True)
class Before:
    """A wallet before a call, as far as the laws look at it; `now`: when that was."""

    now: datetime
    lots: Mapping[UUID, Lot]
    pins: Mapping[UUID, int]
    moves: int
    debt: int

    @classmethod
    def of(cls, tables: Tables, id_: UUID, now: datetime) -> Before:
        row = tables.accounts.get(id_)
        lots = {lot.id: copy(lot) for lot in tables.lots.get(id_, {}).values()}
        for lot in lots.values():
            if lot.rolls and row is not None:
                lot.expires_at = row[8]
        debt = row[3] if row else 0
        return cls(now, lots, pins(tables, id_, now), len(tables.moves.get(id_, ())), debt)

    def free(self, at: datetime) -> dict[UUID, int]:
        """{lot: points} that may be spent on something of that instant, if a clock is right."""
        at = min(at, self.now + MAX_SKEW)
        return {
            lot.id: lot.remaining - self.pins.get(lot.id, 0)
            for lot in self.lots.values()
            if (lot.expires_at is None or lot.expires_at > at)
            and (not lot.pending or (lot.activates_at is not None and lot.activates_at <= at))
        }


def carried(tables: Tables, id_: UUID, before: Before) -> dict[UUID, int]:
    """{lot: points} that went over from a season that has just been closed."""
    new = tables.moves[id_][before.moves :]
    return {
        m.lot_id: m.points
        for m in new
        if m.source == "expired" and m.lot_id is not None and m.lot_id not in before.lots
    }


def check_spending(tables: Tables, id_: UUID, before: Before, at: datetime, captured: bool) -> None:
    """What was spent just now came from lots that could be spent, the soonest to expire first.

    captured  from the lots that its hold had pinned, whatever has happened to them since
    """
    new = tables.moves[id_][before.moves :]
    spent: dict[UUID, int] = {}
    for move in new:
        if move.target == "spent" and move.lot_id is not None:
            spent[move.lot_id] = spent.get(move.lot_id, 0) + move.points
    if not spent or captured:
        return
    free, rolls_until = before.free(at) | carried(tables, id_, before), tables.accounts[id_][8]
    for lot_id, points in spent.items():
        assert points <= free.get(lot_id, 0), "spent from what could not be spent"

    def soonest(lot_id: UUID) -> tuple[datetime, datetime, UUID]:
        lot = tables.lots[id_][lot_id]  # this very purchase keeps rolling points alive
        return ((rolls_until if lot.rolls else lot.expires_at) or FAR, lot.earned_at, lot_id)

    order = sorted(free, key=soonest)
    open_ = [i for i in order if tables.lots[id_][i].remaining > before.pins.get(i, 0)]
    last = max(order.index(lot_id) for lot_id in spent)
    assert not open_ or order.index(open_[0]) >= last, "a lot that expires sooner was passed by"


def check_debt(tables: Tables, id_: UUID, before: Before, outcome: UUID) -> None:
    """Where new points pay debt first, no debt is left beside them."""
    if tables.accounts[id_][3]:
        mine = [lot for lot in tables.lots[id_].values() if lot.outcome_id == outcome]
        assert not any(lot.remaining for lot in mine if not lot.pending), "points beside a debt"


def check_clawback(tables: Tables, bought: Bought, before: Before, *, others: bool) -> None:
    """A return makes debt only when nothing else could be taken."""
    assert bought.account is not None
    new = tables.moves[bought.account][before.moves :]
    made = any(m.source == "debt" and m.target == "reversed" for m in new)
    if not made or any(m.source == "spent" for m in new):
        return
    kept, own = before.pins, {bought.id, *bought.returns}
    for lot in tables.lots[bought.account].values():
        if lot.outcome_id in own or (
            others and not lot.pending and lot.live(before.now) and not lot.rolls
        ):
            assert lot.remaining <= kept.get(lot.id, 0), "debt while points are there"


def check_sale(tables: Tables, bought: Bought) -> None:
    """What one sale earned and spent, its returns counted, is what its kept part is worth."""
    earned, spent, _ = bought.worth()
    if bought.account is None:
        return
    own = {bought.id, *bought.returns}
    moves = [m for m in tables.moves[bought.account] if m.outcome_id in own]
    back = net(moves, "reversed", "reversed")
    assert -net(moves, "issued", "issued") - back == earned, "points earned"
    assert net(moves, "spent", "spent") == spent, "points spent"
    by_lot: dict[UUID | None, int] = {}
    for m in moves:
        by_lot[m.lot_id] = by_lot.get(m.lot_id, 0) + (m.target == "spent") * m.points
        by_lot[m.lot_id] -= (m.source == "spent") * m.points
    assert all(points >= 0 for points in by_lot.values()), "more came back to a lot than was spent"


def check_expired(tables: Tables, bought: Bought, before: Before) -> None:
    """What had expired of a sale's points is not taken back a second time by its return."""
    assert bought.account is not None
    moves, own = tables.moves[bought.account], {bought.id, *bought.returns}
    lots = {lot.id for lot in tables.lots[bought.account].values() if lot.outcome_id in own}
    new = moves[before.moves :]
    first = next((n for n, m in enumerate(new) if m.target == "reversed"), len(new))
    old = moves[: before.moves + first]  # what time did comes before what the return does
    gone = sum(m.points for m in old if m.target == "expired" and m.lot_id in lots)
    for m in old:  # what lives on in a lot of grace has not gone; what was counted is counted
        counts = m.lot_id in lots if m.target == "active" else m.outcome_id in own
        gone -= m.points * (m.source == "expired" and counts)
    reversed_ = [m for m in new if m.target == "reversed"]
    counted = sum(m.points for m in reversed_ if m.source == "expired")
    assert counted == min(gone, sum(m.points for m in reversed_)), "expired points taken back again"


def check_ends(tables: Tables, id_: UUID) -> None:
    """Where points expire, every lot has an end."""
    for lot in tables.lots.get(id_, {}).values():
        assert lot.rolls or lot.expires_at is not None, "points for ever"


def check_balances(
    tables: Tables, account: UUID, miles: UUID, sales: Sequence[Bought]
) -> None:  # fmt: skip
    """Plain arithmetic over all that was sold and came back, and what expired."""
    worths = [each.worth() for each in sales if each.account == account]
    for id_, wanted in ((account, sum(e - s for e, s, _ in worths)),
                        (miles, sum(m for _, _, m in worths))):  # fmt: skip
        row = tables.accounts.get(id_)
        if row is None:
            assert id_ == miles or not wanted
            continue
        expired = net(tables.moves[id_], "expired", "expired")
        assert row[2] + row[6] - row[3] == wanted - expired, "balance"
