"""What a sale, a return, an event means for partners: who pays for its points, who gets paid.

A posting changes no counter: nothing is locked, nobody waits.
"""

from __future__ import annotations

from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.words import Event
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.partners import db as partners_db
from tessera.partners.core import Charge, Posting, changed, charges, pieces, pieces_changed
from tessera.rules.core.words import Program


class Partners(Part):
    """Postings of what stands, in the order in which it was decided."""

    order = 70

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.postings: list[Posting] = []

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """A program that decides something in it has partners."""
        return any(program.partners for item in batch.open() for program in item.programs)

    def fault(self, item: Item) -> Refusal | None:
        """Points are to be spent in a store whose partner takes none."""
        receipt, decision = item.receipt, item.decision
        story = decision.story if decision is not None else None
        if receipt is None or receipt.offline or story is None or not story.points_spent:
            return None
        if _redeems(item.program, receipt.store):
            return None
        return Refusal(
            "not_redeemed_here", "spend", "points are not taken as payment in this store",
            "confirm without spending points",
        )  # fmt: skip

    def take(self, item: Item) -> None:
        """What it means now; of a return, what it means less than before."""
        decision, case = item.decision, item.case
        assert decision is not None and case is not None, "it is decided"
        receipt = item.receipt
        if receipt is not None and not _redeems(item.program, receipt.store):
            decision.answer = replace(decision.answer, could_spend=None)
        if decision.story is None or (decision.row is None and decision.event is None):
            return
        program, store = item.program, _store(item)
        member = case.wallet is not None
        found = charges(program, store, decision.story, member=member)
        things = pieces_changed({}, pieces(program, decision.story))
        if decision.before is not None:
            before = charges(program, store, decision.before, member=member)
            found = changed(before, found)
            was = pieces(program, decision.before)
            things = pieces_changed(was, pieces(program, decision.story))
        for partner in things:  # a return may change one piece for another of the same cost
            found.setdefault((partner, ""), Charge())
        self.postings += [
            Posting(
                item.outcome_id, partner, unit, store, charge, self.batch.now,
                () if unit else things.get(partner, ()),
            ) for (partner, unit), charge in found.items()
        ]  # fmt: skip

    async def write(self, conn: db.Conn) -> None:
        """The postings, one set."""
        if self.postings:
            await partners_db.add_postings(conn, self.postings, self.batch.now)


def _store(item: Item) -> str:
    """Where the points were given or spent; of a return, where it was sold."""
    ask, case = item.job.ask, item.case
    assert case is not None, "resolved items have a case"
    if item.sold is not None:
        return item.sold.row.store_id
    return (ask.store or "") if isinstance(ask, Event) else case.store.id


def _redeems(program: Program, store: str) -> bool:
    partner = program.partners.get(program.partner_of.get(store, ""))
    return partner is None or partner.redeems
