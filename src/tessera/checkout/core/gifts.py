"""Gifts, coupons and the like of a sale that lose their reason when goods come back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.checkout.core.words import TakeBack
from tessera.rules.core.prizes import items_back
from tessera.rules.core.texts import one_many, say_in
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Story

GIFT = one_many("take back the gift: {item}", "take back the gifts: {count} x {item}")
COUPON = one_many("the coupon is void: {item}", "coupons are void: {count} x {item}")
TICKET = one_many("the ticket is void: {item}", "tickets are void: {count} x {item}")
LOST = one_many("no longer given: {item}", "no longer given: {count} x {item}")
TEXTS = {"gift": GIFT, "coupon": COUPON, "ticket": TICKET, "badge": LOST, "privilege": LOST}


def to_take_back(before: Story, after: Story) -> tuple[TakeBack, ...]:
    """What was given for the sale as it stood, less what its kept part still gives.

    shape  one entry per item, in the order in which they were given; counts above 0
    """
    return tuple(
        TakeBack(kind, item, pieces)
        for (kind, item), pieces in items_back(before, after).items()
        if pieces > 0 and kind in ("gift", "coupon", "ticket", "badge", "privilege")
    )


def screen(gone: Sequence[TakeBack], currency: str, tongue: Tongue = ENGLISH) -> list[str]:
    """A line for the cashier for each of them."""
    return [
        say_in(
            tongue, TEXTS[each.kind],
            {"item": each.item, "count": each.count}, currency,
        )
        for each in gone
    ]  # fmt: skip
