"""Gifts and coupons of a sale that lose their reason when goods come back. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tessera.checkout.core.words import TakeBack
from tessera.rules.core.texts import one_many, say
from tessera.rules.core.words import Story

GIFT = one_many("take back the gift: {item}", "take back the gifts: {count} x {item}")
COUPON = one_many("the coupon is void: {item}", "coupons are void: {count} x {item}")


def to_take_back(before: Story, after: Story) -> tuple[TakeBack, ...]:
    """What was given for the sale as it stood, less what its kept part still gives.

    shape  one entry per item, in the order in which they were given; counts above 0
    """
    had, has = _given(before), _given(after)
    return tuple(
        TakeBack("gift" if kind == "gift" else "coupon", item, had[kind, item] - has[kind, item])
        for kind, item in had
        if had[kind, item] > has[kind, item]
    )


def screen(gone: Sequence[TakeBack], currency: str) -> list[str]:
    """A line for the cashier for each of them."""
    return [
        say(
            GIFT if each.kind == "gift" else COUPON,
            {"item": each.item, "count": each.count}, currency,
        )
        for each in gone
    ]  # fmt: skip


def _given(story: Story) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    for effect in story.effects:
        if effect.item:
            found[effect.kind, effect.item] += effect.given
    return found
