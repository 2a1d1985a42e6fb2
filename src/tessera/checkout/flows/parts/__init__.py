"""What takes part in a batch besides points, receipts and answers: one file here is one of them.

A part may lock what is shared by many accounts (a key's count of the day), put what it knows into
the facts of a decision, object to it, take its share of what was given, and write that.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import ClassVar

from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.flows.items import Batch, Item


class Part:
    """One part of one batch. What it says nothing about it leaves alone.

    order  parts lock in this order, after accounts and sales; every flow that posts does the same
    """

    order: ClassVar[int]

    def __init__(self, batch: Batch) -> None:
        self.batch = batch

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """Whether this batch has anything for it; programs and sales are known by now."""
        return True

    async def lock(self, conn: db.Conn) -> None:
        """Lock what it changes, in the order of the keys; what depends on it is read in `know`."""

    async def know(self, conn: db.Conn) -> None:
        """Read what its decisions need, in statements of their own."""

    def tell(self, item: Item) -> None:
        """The item is decided next: put what is true now into its facts (`item.case.known`)."""

    def fault(self, item: Item) -> Refusal | None:
        """What speaks against a decision; nothing has been counted yet."""
        return None

    def take(self, item: Item) -> None:
        """It is decided and stands: count what it took, add to what is answered."""

    async def write(self, conn: db.Conn) -> None:
        """Its rows of what was done, set by set."""

    async def draw(self, conn: db.Conn) -> None:
        """Change what every till changes, after all else: others wait for it until the commit."""


def _found() -> tuple[type[Part], ...]:
    """The parts of this folder in their order, one a file."""
    kinds: list[type[Part]] = []
    for each in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{each.name}")
        own = [
            kind
            for kind in vars(module).values()
            if isinstance(kind, type) and issubclass(kind, Part) and kind is not Part
            and kind.__module__ == module.__name__
        ]  # fmt: skip
        assert len(own) == 1, f"{module.__name__} holds {len(own)} parts instead of one"
        kinds += own
    orders = [kind.order for kind in kinds]
    assert len(set(orders)) == len(orders), f"two parts lock at the same place: {sorted(orders)}"
    return tuple(sorted(kinds, key=lambda kind: kind.order))


PARTS = _found()


def parts_of(batch: Batch) -> list[Part]:
    """Those that this batch has something for, in their order."""
    return [kind(batch) for kind in PARTS if kind.wanted(batch)]
