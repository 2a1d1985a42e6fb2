"""Luck at the till, and the tickets, badges and privileges that operations give and returns take.

Luck is computed before anything is locked: only who wins holds the prize's row, until the batch is
written, so that a prize is given exactly as often as there are pieces of it.
"""

from __future__ import annotations

from uuid import UUID

from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.checkout import db
from tessera.checkout.core.case import Case, key_of
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.rewards.draws import db as draws_db
from tessera.rewards.draws.core import luck_of, moved, won_in, words_of
from tessera.rewards.draws.db import Prize, Win
from tessera.rules.core.draws import Draw, stock_key
from tessera.rules.core.facts import Moment
from tessera.warehouse.core import Receipt


class Draws(Part):
    """{operation: its luck by rule}, {prize: how many are given}, and what was given here."""

    order = 40

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.luck: dict[UUID, dict[str, int]] = {}
        self.hit: dict[UUID, list[Prize]] = {}
        self.given: dict[Prize, int] = {}
        self.before: dict[Prize, int] = {}
        self.keepsakes: dict[tuple[UUID, str, str, UUID], int] = {}
        self.wins: list[tuple[str, Win]] = []
        self.owed: list[tuple[UUID, str]] = []

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """Some program here hands something out besides points and discounts."""
        return any(program.hands_out for item in batch.open() for program in item.programs)

    async def lock(self, conn: db.Conn) -> None:
        """The prizes that are won here; nobody else's."""
        for item in self.batch.open():
            if isinstance(item.job.ask, Receipt):
                self._draw(item, item.job.ask)
        asked = sorted({prize for prizes in self.hit.values() for prize in prizes})
        if asked:
            await draws_db.lock_prizes(conn, asked)

    async def know(self, conn: db.Conn) -> None:
        """How many of these are given."""
        asked = sorted({prize for prizes in self.hit.values() for prize in prizes})
        if asked:
            self.given = await draws_db.prizes(conn, asked)
            self.before = self.given.copy()

    def tell(self, item: Item) -> None:
        """Its luck, and what is left of what it wins."""
        case, luck = item.case, self.luck.get(item.outcome_id)
        if case is None or luck is None:
            return
        known = {Moment("luck", rule).key: number for rule, number in luck.items()}
        for draw, won in self.hit.get(item.outcome_id, ()):
            counts = [
                prize.count for program in item.programs if draw in program.draws
                for prize in program.draws[draw].prizes if prize.item == won
            ]  # fmt: skip
            known[stock_key(draw, won)] = min(counts) - self.given[draw, won]
        case.known = {**case.known, **known}

    def take(self, item: Item) -> None:
        """What it gave, and what it took back."""
        decision = item.decision
        assert decision is not None, "what is taken was decided"
        row = decision.row or decision.event
        if row is None or row.account_id is None:
            return
        of = item.sold.row.id if item.sold is not None else row.id
        for (kind, thing), pieces in moved(decision.before, decision.story).items():
            self.keepsakes[row.account_id, kind, thing, of] = pieces
        rules = item.program.lucky
        if not rules:
            return
        won = won_in(decision.story, rules)
        if item.sold is not None:
            gone = [each for each in won_in(decision.before, rules) if each not in won]
            self.owed += [(of, thing) for _, thing in gone]
            return
        for draw, thing in won:
            self.given[draw, thing] += 1
            win = Win(new_id(), thing, row.account_id, of, None, None, None, self.batch.now)
            self.wins.append((draw, win))

    async def write(self, conn: db.Conn) -> None:
        """Keepsakes, prizes given, wins."""
        now = self.batch.now
        if self.keepsakes:
            await draws_db.add_keepsakes(conn, dict(sorted(self.keepsakes.items())), now)
        changed = {p: count for p, count in self.given.items() if count != self.before[p]}
        if changed:
            await draws_db.give_prizes(conn, changed)
        if self.wins:
            draws, wins = zip(*self.wins, strict=True)
            await draws_db.add_wins(conn, draws, wins, now)
        if self.owed:
            await draws_db.owe_wins(conn, self.owed, now)

    def _draw(self, item: Item, receipt: Receipt) -> None:
        """Its luck under every rule whose draw has a seed, and the prizes that it hits."""
        case, seeds = item.case, self.batch.shop.seeds
        if case is None or case.owner is None:
            return
        for program in item.programs:
            for rule, code in program.lucky.items():
                seed, draw = seeds.get(code), program.draws[code]
                if seed is None:
                    continue
                luck = self.luck.setdefault(item.outcome_id, {})
                if rule not in luck:  # one for a rule, whichever version decides
                    luck[rule] = self._luck(case, receipt, seed, rule, (code, draw))
                prize = draw.won(luck[rule])
                if prize is not None:
                    self.hit.setdefault(item.outcome_id, []).append((code, prize.item))

    @staticmethod
    def _luck(
        case: Case, receipt: Receipt, seed: bytes, rule: str, of: tuple[str, Draw]
    ) -> int:  # fmt: skip
        assert case.owner is not None, "luck is somebody's"
        key, (code, draw) = key_of(receipt, case.store), of
        on = local(receipt.happened_at, case.store.time_zone).date()
        return luck_of(seed, code, rule, words_of(draw, key, case.owner.member_id, on))
