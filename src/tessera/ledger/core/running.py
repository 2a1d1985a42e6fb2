"""What time does to a wallet: the same whoever posts it and when; and how far a run of it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.ledger.core.expiring import expire
from tessera.ledger.core.lives import Life
from tessera.ledger.core.ripening import ripen_due
from tessera.ledger.core.words import EPOCH, Stamp, Wallet

Phase = Literal["ripe", "over"]


class Posted(Struct, frozen=True):
    """Points that became active, that expired, and of these those carried into a new lot."""

    activated: int = 0
    expired: int = 0
    carried: int = 0

    def __bool__(self) -> bool:
        return bool(self.activated or self.expired)

    def __add__(self, other: Posted) -> Posted:
        return Posted(self.activated + other.activated, self.expired + other.expired,
                      self.carried + other.carried)  # fmt: skip


class Run(Struct, frozen=True):
    """One posting of what time has done, over many wallets; its id is the operation of its moves.

    kind      `due`: of what is due as of `at`; `released`: of what ended holds had kept back
    phase     first the wallets with points that became active, then those with expired ones
    after, after_id  the last wallet that it has looked at in its phase
    """

    id: UUID
    kind: Literal["due", "released"]
    at: datetime
    started_at: datetime
    phase: Phase = "ripe"
    after: datetime = EPOCH
    after_id: UUID = UUID(int=0)
    wallets: int = 0
    activated: int = 0
    expired: int = 0
    carried: int = 0
    finished_at: datetime | None = None

    def stamp(self, now: datetime) -> Stamp:
        """Of its moves."""
        return Stamp(self.id, self.at, now)

    def with_page(self, wallets: int, posted: Posted) -> Run:
        """After so many wallets more."""
        return replace(
            self, wallets=self.wallets + wallets, activated=self.activated + posted.activated,
            expired=self.expired + posted.expired, carried=self.carried + posted.carried,
        )  # fmt: skip


def post_due(wallet: Wallet, stamp: Stamp, life: Life, new_id: Callable[[], UUID]) -> Posted:
    """Post what has become active and what has expired by the time of the stamp.

    new_id  for the lot of what a season carries over
    shape   repeated, late or after a crash: the same in the end
    """
    at = stamp.happened_at
    activated = ripen_due(wallet, stamp, at, life.net_debt)
    return Posted(activated, *expire(wallet, stamp, at, new_id, life.carry))
