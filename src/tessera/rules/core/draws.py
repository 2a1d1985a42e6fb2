"""Draws: what can be won, for tickets on a day or at once at the till. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.text import Code, Name
from tessera.rules.core.facts import Moment

LUCK = 1 << 53  # luck is a whole number from 0 up to this: what every reader of JSON can hold
MAX_PRIZES = 50


class DrawPrize(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A prize of a draw.

    item    its code, as a gift or coupon
    count   pieces there are; never one more is given
    one_in  it is won at once by 1 of so many receipts; left out: it is drawn among the tickets
    """

    item: Code
    count: Annotated[int, Meta(ge=1, le=10**6)] = 1
    one_in: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    kind: Literal["gift", "coupon"] = "gift"
    name: Name = ""


class Draw(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Prizes that are drawn. Its seed is made when it is published, and shown once it is over.

    starts  first and `ends` last local day on which tickets are given and prizes won at once
    wins    so many prizes of the drawing one member can win; prizes won at once do not count
    luck    at once: every `receipt` has its own, or all receipts of a member's local `day` one
    """

    prizes: Annotated[tuple[DrawPrize, ...], Meta(min_length=1, max_length=MAX_PRIZES)]
    name: Name = ""
    starts: date | None = None
    ends: date | None = None
    wins: Annotated[int, Meta(ge=1, le=1000)] = 1
    luck: Literal["receipt", "day"] = "receipt"

    @property
    def at_once(self) -> tuple[DrawPrize, ...]:
        """The prizes that are won at the till."""
        return tuple([prize for prize in self.prizes if prize.one_in is not None])

    @property
    def drawn(self) -> tuple[DrawPrize, ...]:
        """The prizes that are drawn among the tickets, the first one first."""
        return tuple([prize for prize in self.prizes if prize.one_in is None])

    def won(self, luck: int) -> DrawPrize | None:
        """What a receipt with this luck wins; None: nothing.

        luck  from 0 to LUCK - 1, each as likely as any other: prize by prize, 1 in N of them
        """
        upto = 0
        for prize in self.at_once:
            assert prize.one_in is not None
            upto += LUCK // prize.one_in
            if luck < upto:
                return prize
        return None


def stock_key(draw: str, item: str) -> str:
    """The name among the known facts of how many of a prize are left."""
    return Moment("stock", f"{draw} {item}").key


def draw_faults(draw: Draw) -> Iterator[tuple[str, str, str]]:
    """(field, why, cure) of what does not fit together."""
    items = [prize.item for prize in draw.prizes]
    for i, item in enumerate(items):
        if item in items[:i]:
            yield f"prizes[{i}].item", f"{item} is a prize twice", "add up their `count`"
    odds = sum((Fraction(1, prize.one_in) for prize in draw.prizes if prize.one_in), Fraction())
    if odds > 1:
        yield "prizes", "more is won than there are receipts", "raise `one_in`"
    if draw.drawn and draw.ends is None:
        yield "ends", "nobody knows when it is drawn", "name the last day for tickets"
    if draw.starts and draw.ends and draw.ends < draw.starts:
        yield "ends", f"it ends on {draw.ends}, before it starts on {draw.starts}", \
            "exchange the dates"  # fmt: skip
