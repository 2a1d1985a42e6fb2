"""A decision put into words, and what of it may be said to members and cashiers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from tessera.rules.core.texts import Numbers, Template, one_many, say
from tessera.rules.core.words import Effect, EffectKind, Silent

_POINTS = re.compile(r"\bpoints?\b")
Translate = Callable[[Template], Template]
# What a hidden rule's giving looks like to whoever must not know of it.
NEUTRAL = {
    "points": one_many("+{count} point for you", "+{count} points for you"),
    "discount": one_many("a discount for you", "a discount for you"),
    "payment": one_many("paid", "paid"),
    "gift": one_many("a gift for you: {item}", "gifts for you: {count} x {item}"),
    "coupon": one_many("a coupon for you", "coupons for you: {count}"),
}


class EffectTold(Struct, frozen=True, omit_defaults=True):
    """What was given, in sentences. `lines` are (line from 1, share); they sum to `given`.

    wanted, trimmed  what would have been given without a limit, and which limit
    item             for a gift or coupon: which
    hidden           told to staff only: members see a neutral line
    unit             of points: in which currency; left out, the program's own
    """

    kind: EffectKind
    rule: str
    mechanic: str
    version: int
    given: int
    wanted: int
    lines: tuple[tuple[int, int], ...]
    numbers: Numbers
    screen: str
    slip: str
    points: int = 0
    trimmed: str = ""
    item: str = ""
    hidden: bool = False
    unit: str = ""


class SilentTold(Struct, frozen=True, omit_defaults=True):
    """A rule that gave nothing, and what was missing, in a sentence."""

    rule: str
    mechanic: str
    version: int
    code: str
    lacking: int
    why: str
    hidden: bool = False


def same(template: Template) -> Template:
    """English, the language of the templates."""
    return template


def tell_effects(
    effects: Sequence[Effect], currency: str, *, staff: bool, translate: Translate = same
) -> tuple[EffectTold, ...]:
    """The effects with sentences instead of templates; hidden ones neutral unless for `staff`."""
    return tuple(
        [
            _told(effect if staff or not effect.hidden else _neutral(effect), currency, translate)
            for effect in effects
        ]
    )


def tell_silent(
    silent: Sequence[Silent], currency: str, *, staff: bool, translate: Translate = same
) -> tuple[SilentTold, ...]:
    """What was missing, in sentences; of hidden rules only for `staff`."""
    return tuple(
        [_missed(each, currency, translate) for each in silent if staff or not each.hidden]
    )


def _missed(each: Silent, currency: str, translate: Translate) -> SilentTold:
    why = say(translate(each.why), each.numbers, currency)
    return SilentTold(
        each.rule, each.mechanic, each.version, each.code, each.lacking, why, each.hidden
    )


def _told(effect: Effect, currency: str, translate: Translate) -> EffectTold:
    numbers = effect.numbers
    trimmed = effect.trimmed
    screen = say(translate(effect.screen), numbers, currency)
    slip = say(translate(effect.slip), numbers, currency)
    if effect.unit:
        screen, slip = in_unit(screen, effect.unit), in_unit(slip, effect.unit)
    return EffectTold(
        effect.kind, effect.rule, effect.mechanic, effect.version, effect.given, effect.wanted,
        effect.lines, numbers, screen, slip, effect.points,
        say(translate(trimmed), numbers, currency) if trimmed else "", effect.item, effect.hidden,
        effect.unit,
    )  # fmt: skip


def _neutral(effect: Effect) -> Effect:
    """What it gave, without what it was: no rule, no numbers; the lines only where money moved."""
    words = NEUTRAL[effect.kind]
    lines = effect.lines if effect.kind in ("discount", "payment") else ()
    return Effect(
        effect.kind, "", "", effect.version, effect.given, effect.given, lines,
        {"count": effect.given, "item": effect.item}, words, words, effect.points, "", effect.item,
        unit=effect.unit,
    )  # fmt: skip


def in_unit(text: str, unit: str) -> str:
    """A sentence about points, said of another currency: "3 stamps" instead of "3 points"."""
    return _POINTS.sub(unit, text)
