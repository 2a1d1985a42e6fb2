"""How many points a key may give in a day, for keys that have such a cap.

A batch with no such key asks nothing. The rows are locked in the order of keys and held until the
batch is written, so that lanes and processes share one count.
"""

from __future__ import annotations

from datetime import UTC
from uuid import UUID

from tessera.access import db as access_db
from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.words import Event
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.warehouse.core import Receipt


class Minting(Part):
    """{key with a cap: points it has given today}."""

    order = 0

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.day = batch.now.astimezone(UTC).date()
        self.given: dict[UUID, int] = {}

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """Somebody in this batch has a cap, and may give points."""
        return any(_counts(item) for item in batch.open())

    async def lock(self, conn: db.Conn) -> None:
        """The counts of the keys of this batch."""
        keys = {item.job.principal.id for item in self.batch.open() if _counts(item)}
        self.given = await access_db.lock_minted(conn, sorted(keys), self.day)

    def fault(self, item: Item) -> Refusal | None:
        """It would give more than is left of the key's day."""
        most = item.job.principal.mint_per_day
        points = _points(item)
        if most is None or not points or not _counts(item):
            return None
        so_far = self.given[item.job.principal.id]
        if so_far + points <= most:
            return None
        return Refusal(
            "mint_cap_reached", "",
            f"this key may give {most} points a day; {so_far} are given today and this would give"
            f" {points}",
            "send it with another key, raise the cap, or send it again tomorrow (UTC)",
        )  # fmt: skip

    def take(self, item: Item) -> None:
        """What a sale gives in any currency counts; a return gives nothing back to the cap."""
        if _counts(item):
            self.given[item.job.principal.id] += _points(item)

    async def write(self, conn: db.Conn) -> None:
        """Keep the counts of the batch."""
        await access_db.save_minted(conn, self.given, self.day)


def _counts(item: Item) -> bool:
    gives = isinstance(item.job.ask, Receipt | Event)
    return gives and item.job.principal.mint_per_day is not None


def _points(item: Item) -> int:
    assert item.case is not None, "what is decided has a case"
    moves = [move for wallet in item.case.wallets() for move in wallet.moves]
    return sum(move.points for move in moves if move.source == "issued")
