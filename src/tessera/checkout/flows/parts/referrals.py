"""Purchases of whom another member has brought: they count, returned they count no more.

The referral's row is held from here to the end of the batch; only this member's receipts and the
turn that pays look for it.
"""

from __future__ import annotations

from uuid import UUID

from tessera.checkout import db
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.members.households import db as households_db
from tessera.referrals import db as referrals_db
from tessera.referrals.core import Brought
from tessera.warehouse.core import Receipt


class Referrals(Part):
    """{who was brought: the referrals}, and what was bought for them."""

    order = 60

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.of: dict[UUID, list[Brought]] = {}
        self.known: dict[UUID, Brought] = {}
        self.sales: dict[UUID, UUID] = {}
        self.counted: dict[UUID, tuple[UUID, UUID, bool]] = {}

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """Somebody was brought here, or can be: the terms of joining hold under every program."""
        return (batch.shop.brought or batch.shop.program.referral is not None) and any(
            _buyer(item) is not None or _sale(item) is not None for item in batch.open()
        )

    async def lock(self, conn: db.Conn) -> None:
        """The referrals of the batch's buyers and of the sales that come back."""
        buyers = {who for item in self.batch.open() if (who := _buyer(item)) is not None}
        sales = {sale for item in self.batch.open() if (sale := _sale(item)) is not None}
        numbers = await households_db.numbers(conn, sorted(buyers)) if buyers else []
        found, self.sales = await referrals_db.lock_of(
            conn, sorted({number for _, number in numbers}), sorted(sales)
        )
        self.known = {each.id: each for each in found}
        member = {number: who for who, number in numbers}
        for each in found:
            self.of.setdefault(member.get(each.referee_id, each.referee_id), []).append(each)

    def take(self, item: Item) -> None:
        """It counts if enough was bought, and kept."""
        decision = item.decision
        if decision is None or decision.row is None or decision.story is None:
            return
        said = decision.story.gross_minor, decision.story.to_pay_minor
        sale, buyer = _sale(item), _buyer(item)
        if sale is not None and sale in self.sales:
            one = self.known[self.sales[sale]]
            self.counted[sale] = (one.id, sale, one.counts(*said))
        elif buyer is not None:
            happened_at = decision.row.happened_at
            for one in self.of.get(buyer, ()):
                if not one.refused and one.counts(*said) and one.takes(happened_at):
                    self.counted.setdefault(item.outcome_id, (one.id, item.outcome_id, True))

    async def write(self, conn: db.Conn) -> None:
        """What counts, and when each referral is due by that."""
        if self.counted:
            await referrals_db.count(conn, list(self.counted.values()), self.batch.now)


def _buyer(item: Item) -> UUID | None:
    """Who buys."""
    case = item.case
    if case is None or case.owner is None or not isinstance(item.job.ask, Receipt):
        return None
    return case.owner.member_id


def _sale(item: Item) -> UUID | None:
    """The sale that comes back."""
    return item.sold.row.id if item.sold is not None else None
