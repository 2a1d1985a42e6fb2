"""A prize: points, a discount, a gift or a coupon, for the mechanics that say when and not what."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from tessera.base.money import half_up
from tessera.base.text import Code, Name
from tessera.rules.core.basket import EVERYTHING, Basket, Goods, Share
from tessera.rules.core.facts import Facts, Met, Missing
from tessera.rules.core.texts import Numbers, Template, one_many
from tessera.rules.core.words import Lane, Mechanic, Wish

_ONE_OF = ("points", "percent", "off_minor", "gift", "coupon")


class Prize(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of points, percent, off_minor, gift and coupon.

    percent, off_minor  off the lines of `of`; it uses no units up
    gift, coupon        the item's code; `count` pieces
    title               what people call it, for the screen and the slip
    """

    points: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    off_minor: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    gift: Code | None = None
    coupon: Code | None = None
    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    of: Goods = EVERYTHING
    title: Name = ""

    def __post_init__(self) -> None:
        named = [name for name in _ONE_OF if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"a prize is one of {', '.join(_ONE_OF)}, not {len(named)} of them")

    @property
    def lane(self) -> Lane:
        """Where it is decided."""
        if self.points is not None:
            return "earning"
        return "price" if self.gift is None and self.coupon is None else "gift"

    def wish(self, basket: Basket, met: Met, numbers: Numbers) -> Wish:
        """The prize, as many times as the condition holds."""
        if self.points is not None:
            return self._points(basket, met, numbers)
        if self.gift is not None or self.coupon is not None:
            return self._item(met, numbers)
        return self._discount(basket, met, numbers)

    def _points(self, basket: Basket, met: Met, numbers: Numbers) -> Wish:
        points = (self.points or 0) * met.times
        shares = basket.spread(points, met.lines or None)
        told = {**numbers, "count": points, "title": self.title}
        return Wish("points", points, shares, _titled(self.title, POINTS), POINTS_SLIP, told)

    def _item(self, met: Met, numbers: Numbers) -> Wish:
        item, count = self.gift or self.coupon or "", self.count * met.times
        told = {**numbers, "count": count, "title": self.title, "item": item}
        words = GIFT if self.gift is not None else COUPON
        kind = "gift" if self.gift is not None else "coupon"
        return Wish(
            "gift" if kind == "gift" else "coupon", count, (), _titled(self.title, words), words,
            told, item=item,
        )  # fmt: skip

    def _discount(self, basket: Basket, met: Met, numbers: Numbers) -> Wish:
        lines = self.of.lines(basket)
        left = [basket.left[i] for i in lines]
        whole = sum(left)
        if self.percent is not None:
            amounts = [half_up(minor * self.percent, 100) for minor in left]
            told = {**numbers, "percent": self.percent, "base_minor": whole}
        else:
            off = min((self.off_minor or 0) * met.times, whole)
            shares = basket.spread_left(off, lines)
            amounts = [shares.get(i, 0) for i in lines]
            told = {**numbers, "off_minor": off}
        total = sum(amounts)
        told |= {"count": 1, "total_minor": total, "title": self.title}
        words = PERCENT if self.percent is not None else OFF
        given = tuple([Share(i, n) for i, n in zip(lines, amounts, strict=True) if n])
        return Wish("discount", total, given, _titled(self.title, words), words, told)


POINTS = one_many("+{count} point", "+{count} points")
POINTS_SLIP = one_many("{count} point", "{count} points")
GIFT = one_many("gift: {item}", "gifts: {count} x {item}")
COUPON = one_many("coupon: {item}", "coupons: {count} x {item}")
PERCENT = "{percent} % off"
OFF = "{total_minor} off"


def _titled(title: str, words: Template) -> Template:
    """The prize's own title before what it is."""
    if not title:
        return words
    if isinstance(words, str):
        return f"{{title}}: {words}"
    return f"{{title}}: {words[0]}", f"{{title}}: {words[1]}"


class PrizeMechanic(Mechanic, frozen=True, kw_only=True):
    """A mechanic that says when, and gives whatever prize it is set to: its lane is the prize's."""

    prize: Prize

    @property
    def lane(self) -> Lane:  # type: ignore[override]  # of the instance: any prize, any lane
        """The prize's."""
        return self.prize.lane

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds once its gate does; mechanics with more to ask override this."""
        return Met()

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The prize."""
        return self.prize.wish(basket, met, self.numbers(basket, facts, met))

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """What it counted with, for the explanation."""
        return {}
