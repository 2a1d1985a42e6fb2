"""A claim brings a coupon of the member's own, and takes it back while nobody has used it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.budgets.core import GRACE
from tessera.rewards.coupons import db as coupons_db
from tessera.rewards.coupons.claimed import db
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.flows import fresh_code, last_day, unveiled
from tessera.rules.core.coupons import Coupon

Left = Literal["void", "used", "held"]


class Own(Struct, frozen=True):
    """A claim's coupon as its member reads it: the code, and how often of how many it was used."""

    text: str
    used: int
    uses: int
    void: bool

    @property
    def over(self) -> bool:
        """Whether all its uses are taken."""
        return self.used >= self.uses


async def mint(
    conn: db.Conn, claim_id: UUID, member_id: UUID, kind: tuple[str, Coupon], on: date,
    now: datetime,
) -> date | None:  # fmt: skip
    """A fresh code for a claim; its last local day, None: it has none.

    kind    (its code in the program, what the program says of it)
    errors  UniqueViolation, once in 10^11 claims: roll back and do it again
    """
    name, coupon = kind
    batches = await coupons_db.given_batches(conn, {name: coupon.uses}, now)
    own = last_day(coupon, on)
    fresh = db.Fresh(claim_id, fresh_code()[1], batches[name], member_id, own, now)
    await db.add(conn, fresh)
    return min((each for each in (coupon.ends, own) if each is not None), default=None)


async def take_back(conn: db.Conn, claim_id: UUID, now: datetime) -> Left:
    """Void from now on, unless it was used or a quote keeps it; tills wait until the end.

    shape  held: a purchase that is going on may still use it: ask again later
    """
    code = await db.lock(conn, claim_id)
    assert code is not None, "the claim has brought it"
    used, held = await db.standing(conn, code, now - GRACE)
    if used:
        return "used"
    if held:
        return "held"
    await db.void(conn, code, now)
    return "void"


async def of_claims(conn: db.Conn, claims: Sequence[UUID]) -> dict[UUID, Own]:
    """{claim: its coupon}; of claims without one there is none."""
    found = await db.of_claims(conn, claims) if claims else []
    numbers = unveiled(each.code for each in found)
    return {
        each.claim_id: Own(codes.spelled(number), each.used, each.uses, each.void)
        for each, number in zip(found, numbers, strict=True)
    }
