"""A decision put into words, and what of it may be said to members and cashiers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from tessera.rules.core.texts import Numbers, one_many, say_in, tell
from tessera.rules.core.tongues import ENGLISH, Tongue, Untold
from tessera.rules.core.words import Effect, EffectKind, Silent

# What a hidden rule's giving looks like to whoever must not know of it.
NEUTRAL = {
    "points": one_many("+{count} point for you", "+{count} points for you"),
    "discount": one_many("a discount for you", "a discount for you"),
    "payment": one_many("paid", "paid"),
    "gift": one_many("a gift for you: {item}", "gifts for you: {count} x {item}"),
    "coupon": one_many("a coupon for you", "coupons for you: {count}"),
    "ticket": one_many("a ticket for a draw: {item}", "tickets for a draw: {count} x {item}"),
    "badge": one_many("a badge for you: {item}", "badges for you: {count} x {item}"),
    "privilege": one_many("for you: {item}", "for you: {count} x {item}"),
    "donation": one_many("we donate for you: {item}", "we donate for you: {item}"),
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


class Hearer(Struct, frozen=True):
    """Who is told: staff hear of hidden rules; in which language."""

    staff: bool
    tongue: Tongue = ENGLISH


def tell_effects(
    effects: Sequence[Effect], currency: str, *, staff: bool, tongue: Tongue = ENGLISH
) -> tuple[EffectTold, ...]:
    """The effects with sentences instead of templates; hidden ones neutral unless for `staff`."""
    return tuple(
        [
            _told(effect if staff or not effect.hidden else _neutral(effect), currency, tongue)
            for effect in effects
        ]
    )


def tell_silent(
    silent: Sequence[Silent], currency: str, *, staff: bool, tongue: Tongue = ENGLISH
) -> tuple[SilentTold, ...]:
    """What was missing, in sentences; of hidden rules only for `staff`."""
    return tuple([_missed(each, currency, tongue) for each in silent if staff or not each.hidden])


def _missed(each: Silent, currency: str, tongue: Tongue) -> SilentTold:
    why = say_in(tongue, each.why, each.numbers, currency, each.phrases)
    return SilentTold(
        each.rule, each.mechanic, each.version, each.code, each.lacking, why, each.hidden
    )


def _told(effect: Effect, currency: str, tongue: Tongue) -> EffectTold:
    numbers, phrases, trimmed = effect.numbers, effect.phrases, effect.trimmed
    screen = say_in(tongue, effect.screen, numbers, currency, phrases)
    slip = say_in(tongue, effect.slip, numbers, currency, phrases)
    if effect.unit:
        screen, slip = tongue.in_unit(screen, effect.unit), tongue.in_unit(slip, effect.unit)
    return EffectTold(
        effect.kind, effect.rule, effect.mechanic, effect.version, effect.given, effect.wanted,
        effect.lines, _numbers(effect, currency, tongue), screen, slip, effect.points,
        say_in(tongue, trimmed, numbers, currency, phrases) if trimmed else "", effect.item,
        effect.hidden, effect.unit,
    )  # fmt: skip


def _numbers(effect: Effect, currency: str, tongue: Tongue) -> Numbers:
    """What it counted with; phrases among it in the language."""
    if tongue is ENGLISH or not effect.phrases:
        return effect.numbers
    try:
        told = {name: tell(said, currency, tongue) for name, said in effect.phrases.items()}
    except Untold:
        return effect.numbers
    return {**effect.numbers, **told}


def _neutral(effect: Effect) -> Effect:
    """What it gave, without what it was: no rule, no numbers; the lines only where money moved."""
    words = NEUTRAL[effect.kind]
    lines = effect.lines if effect.kind in ("discount", "payment") else ()
    return Effect(
        effect.kind, "", "", effect.version, effect.given, effect.given, lines,
        {"count": effect.given, "item": effect.item}, words, words, effect.points, "", effect.item,
        unit=effect.unit,
    )  # fmt: skip
