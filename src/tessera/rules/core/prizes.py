"""A prize: points, a discount, a gift and the like, for mechanics that say when and not what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from tessera.base.text import Code, OptionalCode
from tessera.rules.core.basket import EVERYTHING, Basket, Goods
from tessera.rules.core.facts import MET, Facts, Met, Missing
from tessera.rules.core.picking import lowerable, open_units, percent_of, shared, worth_of
from tessera.rules.core.texts import Numbers, Template, one_many
from tessera.rules.core.wording import told_of
from tessera.rules.core.words import EffectKind, Lane, Mechanic, Program, Story, Wish

MOST_TICKETS = 10_000  # of a rule, for one receipt: each is looked at when it is drawn
_ITEM_KINDS: tuple[EffectKind, ...] = ("gift", "coupon", "ticket", "badge")
_ONE_OF = ("points", "percent", "off_minor", *_ITEM_KINDS)


class Prize(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Exactly one of points, percent, off_minor, gift, coupon, ticket and badge.

    percent, off_minor  off the lines of `of`, together at most what they cost; the units that no
                        other rule has used, and they are used up. Gift cards and deposits only
                        where `of` names these kinds. A percentage is given once, however many times
                        the condition holds
    gift, coupon        the item's code; `count` pieces
    ticket              the code of a declared draw; `count` tickets for it
    badge               the code of what the member can be proud of
    title               what people call it, for the screen and the slip
    """

    points: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    percent: Annotated[int, Meta(ge=1, le=100)] | None = None
    off_minor: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    gift: Code | None = None
    coupon: Code | None = None
    ticket: Code | None = None
    badge: Code | None = None
    count: Annotated[int, Meta(ge=1, le=1000)] = 1
    of: Goods = EVERYTHING
    title: OptionalCode = ""

    def __post_init__(self) -> None:
        named = [name for name in _ONE_OF if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError(f"a prize is one of {', '.join(_ONE_OF)}, not {len(named)} of them")
        if self.count > 1 and (self.lane != "gift" or self.badge is not None):
            raise ValueError(f"count is of a gift, coupon or ticket, not of {named[0]}")
        if self.of != EVERYTHING and self.lane != "price":
            raise ValueError(f"`of` is of percent and off_minor, not of {named[0]}")

    @property
    def lane(self) -> Lane:
        """Where it is decided."""
        if self.points is not None:
            return "earning"
        return "gift" if self.thing else "price"

    @property
    def thing(self) -> EffectKind | None:
        """The kind of what is counted in pieces; None for points and discounts."""
        return next((kind for kind in _ITEM_KINDS if getattr(self, kind) is not None), None)

    @property
    def item(self) -> str:
        """The code of the gift, coupon, draw or badge."""
        code: str = getattr(self, self.thing) if self.thing else ""
        return code

    def words(self) -> tuple[Template, Numbers]:
        """What it is: "500 points", "10 % off coffee", "a gift: MUG"."""
        count = self.points or self.count
        told: Numbers = {"count": count, "title": self.title, "item": self.item}
        if self.percent is not None:
            return told_of(self.of, PERCENT, PERCENT_OF, percent=self.percent)
        if self.off_minor is not None:
            return told_of(self.of, AMOUNT, AMOUNT_OF, off_minor=self.off_minor)
        if self.points is not None:
            return SO_MANY_POINTS, told
        return A_THING[self.thing or "gift"][bool(self.title)], told

    def wish(self, basket: Basket, met: Met, numbers: Numbers, stack: bool = False) -> Wish:
        """The prize, as many times as the condition holds.

        numbers  for the explanation; stack: a discount comes on top of what other rules took off
        """
        if self.points is not None:
            return self._points(self.points * met.times, basket, met, numbers)
        if self.thing:
            return self._item(self.thing, met, numbers)
        return self._discount(basket, met.times, numbers, stack)

    def _points(self, points: int, basket: Basket, met: Met, numbers: Numbers) -> Wish:
        shares = basket.spread(points, met.lines or None)
        told = {**numbers, "count": points, "title": self.title}
        screen, slip = (TITLED_POINTS, TITLED_SLIP) if self.title else (POINTS, POINTS_SLIP)
        return Wish("points", points, shares, screen, slip, told)

    def _item(self, kind: EffectKind, met: Met, numbers: Numbers) -> Wish:
        count = self.count * (1 if kind == "badge" else met.times)
        return item_wish(kind, self.item, count, numbers, self.title)

    def _discount(self, basket: Basket, times: int, numbers: Numbers, stack: bool) -> Wish:
        pick = {i: open_units(basket, i, stack) for i in lowerable(self.of, basket, stack)}
        whole = worth_of(basket, pick)
        told = {**numbers, "base_minor": whole, "title": self.title}
        if self.percent is not None:
            told["percent"], wanted = self.percent, percent_of(whole, self.percent)
            screen, slip = (TITLED_PERCENT, TITLED) if self.title else (PERCENT, PERCENT)
        else:
            told["off_minor"] = wanted = (self.off_minor or 0) * times
            screen, slip = (TITLED_OFF, TITLED) if self.title else (OFF, OFF)
        total = min(wanted, whole)
        told["total_minor"] = total
        return Wish(
            "discount", total, shared(basket, total, pick), screen, slip, told, wanted,
            limit=TOO_LITTLE if total < wanted else "",
        )  # fmt: skip


POINTS = one_many("+{count} point", "+{count} points")
POINTS_SLIP = one_many("{count} point", "{count} points")
TITLED_POINTS = one_many("{title}: +{count} point", "{title}: +{count} points")
TITLED_SLIP = "{title}: +{count}"
GIFT = one_many("gift: {item}", "gifts: {count} x {item}")
GIFT_SLIP = one_many("gift: {item}", "{count} x {item}")
TITLED_GIFT = one_many("gift: {title}", "gifts: {count} x {title}")
COUPON = one_many("coupon: {item}", "coupons: {count} x {item}")
COUPON_SLIP = one_many("coupon: {item}", "{count} x {item}")
TITLED_COUPON = one_many("coupon: {title}", "coupons: {count} x {title}")
TICKET = one_many("ticket for the draw {item}", "{count} tickets for the draw {item}")
TICKET_SLIP = one_many("ticket: {item}", "{count} tickets: {item}")
TITLED_TICKET = one_many("ticket for the draw: {title}", "{count} tickets for the draw: {title}")
BADGE, TITLED_BADGE = "badge: {item}", "badge: {title}"
TITLED = "{title}"
TITLED_ITEM = one_many("{title}", "{count} x {title}")
PERCENT = "{percent} % off"
TITLED_PERCENT = "{title}: {percent} % off"
OFF = "{total_minor} off"
TITLED_OFF = "{title}: {total_minor} off"
TOO_LITTLE = "the goods it is for cost no more"
SO_MANY_POINTS = one_many("{count} point", "{count} points")
PERCENT_OF = "{percent} % off {goods}"
AMOUNT, AMOUNT_OF = "{off_minor} off", "{off_minor} off {goods}"
A_GIFT = (
    one_many("a gift: {item}", "gifts: {count} x {item}"),
    one_many("a gift: {title}", "gifts: {count} x {title}"),
)
A_COUPON = (
    one_many("a coupon: {item}", "coupons: {count} x {item}"),
    one_many("a coupon: {title}", "coupons: {count} x {title}"),
)
A_TICKET = (
    one_many("a ticket for the draw {item}", "{count} tickets for the draw {item}"),
    one_many("a ticket for the draw: {title}", "{count} tickets for the draw: {title}"),
)
A_BADGE = ("the badge {item}", "the badge: {title}")
A_THING: dict[EffectKind, tuple[Template, Template]] = {
    "gift": A_GIFT, "coupon": A_COUPON, "ticket": A_TICKET, "badge": A_BADGE,
}  # fmt: skip
_ITEMS: dict[tuple[EffectKind, bool], tuple[Template, Template]] = {
    ("gift", False): (GIFT, GIFT_SLIP),
    ("gift", True): (TITLED_GIFT, TITLED_ITEM),
    ("coupon", False): (COUPON, COUPON_SLIP),
    ("coupon", True): (TITLED_COUPON, TITLED_ITEM),
    ("ticket", False): (TICKET, TICKET_SLIP),
    ("ticket", True): (TITLED_TICKET, TITLED_ITEM),
    ("badge", False): (BADGE, BADGE),
    ("badge", True): (TITLED_BADGE, TITLED_BADGE),
}


def item_wish(kind: EffectKind, item: str, count: int, numbers: Numbers, title: str = "") -> Wish:
    """So many pieces of a gift, coupon, ticket or badge; of tickets at most `MOST_TICKETS`."""
    count = min(count, MOST_TICKETS) if kind == "ticket" else count
    told = {**numbers, "count": count, "item": item, "title": title}
    screen, slip = _ITEMS[kind, bool(title)]
    return Wish(kind, count, (), screen, slip, told, item=item)


class PrizeMechanic(Mechanic, frozen=True, kw_only=True):
    """A mechanic that says when, and gives whatever prize it is set to: its lane is the prize's."""

    prize: Prize

    @property
    def lane(self) -> Lane:  # type: ignore[override]  # of the instance: any prize, any lane
        """The prize's."""
        return self.prize.lane

    def draw_of(self) -> str:
        """The draw whose tickets are the prize."""
        return self.prize.ticket or ""

    def misfits(self, program: Program) -> Iterator[tuple[str, str, str]]:
        """Tickets are for a draw that the program declares."""
        yield from ticket_misfits(self.prize.ticket or "", "prize.ticket", program)

    def gives(self) -> tuple[Template, Numbers]:
        """The prize."""
        return self.prize.words()

    def check(self, basket: Basket, facts: Facts) -> Met | Missing:
        """It holds once its gate does; mechanics with more to ask override this."""
        return MET

    def reward(self, basket: Basket, facts: Facts, met: Met) -> Wish:
        """The prize, as often as `check` found; points go to the lines it named."""
        return self.prize.wish(basket, met, self.numbers(basket, facts, met), self.stack)

    def numbers(self, basket: Basket, facts: Facts, met: Met) -> Numbers:
        """What it counted with, for the explanation."""
        return {}


def ticket_misfits(
    code: str, field: str, program: Program
) -> Iterator[tuple[str, str, str]]:  # fmt: skip
    """(field, why, cure) where tickets are for a draw that is none, or draws nothing later."""
    draw = program.draws.get(code)
    if code and draw is None:
        yield field, f"there is no draw {code}", "declare it under `draws`"
    elif draw is not None and not draw.drawn:
        yield field, f"{code} draws no tickets", "give it a prize without `one_in`"


def counted(basket: Basket, of: Goods = EVERYTHING) -> tuple[Sequence[int], int]:
    """(lines that count towards a sum, from 0; what is left to pay of them in money or points).

    Lines that never earn count only where `of` names kinds.
    """
    out = basket.excluded if not of.kinds else ()
    if of is EVERYTHING and not out:
        return range(len(basket.lines)), sum(basket.left)
    lines = [i for i in of.lines(basket) if i not in out]
    return lines, sum([basket.left[i] for i in lines])


def items_back(before: Story, after: Story) -> dict[tuple[EffectKind, str], int]:
    """What a return changes in gifts and coupons: {(gift or coupon, item): pieces to take back}.

    shape  in the order in which they were given; below zero: pieces that the kept part brings anew
    """
    back: dict[tuple[EffectKind, str], int] = {}
    for story, sign in ((before, 1), (after, -1)):
        for effect in story.effects:
            if effect.item:
                key = (effect.kind, effect.item)
                back[key] = back.get(key, 0) + sign * effect.given
    return {key: pieces for key, pieces in back.items() if pieces}
