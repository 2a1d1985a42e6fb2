"""What a receipt gives under two programs, side by side. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from tessera.checkout.core.tell import line_prices
from tessera.checkout.core.words import LinePrice, LineTold
from tessera.rules.core.conditions import Personal
from tessera.rules.core.coupons import fact_of
from tessera.rules.core.engine import settle
from tessera.rules.core.facts import Facts, Given, History, Moment, Need, Rank, Trait
from tessera.rules.core.plan import needs_of
from tessera.rules.core.telling import EffectTold, SilentTold, tell_effects, tell_silent
from tessera.rules.core.texts import say_in
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Program
from tessera.warehouse.core import Line


class Side(Struct, frozen=True):
    """What one program makes of the receipt; every rule is heard, hidden ones too.

    version  0: it is not published
    """

    version: int
    to_pay_minor: int
    points_earned: int
    points_spent: int
    lines: tuple[LinePrice, ...]
    effects: tuple[EffectTold, ...]
    silent: tuple[SilentTold, ...]


class Gap(Struct, frozen=True):
    """Something that a program asks of the member.

    key      by which it can be assumed; what: in words; rules: who ask
    known    null: nobody knows, and what is not known does not hold
    """

    key: str
    what: str
    rules: tuple[str, ...]
    known: int | None


class Trial(Struct, frozen=True):
    """A receipt under the program that decides now, and under the other one.

    lines  as they were bought; asked: what either program asks of the member
    """

    currency: str
    gross_minor: int
    lines: tuple[LineTold, ...]
    now: Side
    then: Side
    asked: tuple[Gap, ...]


def tried(
    lines: Sequence[Line], facts: Facts, now: Program, then: Program, tongue: Tongue = ENGLISH
) -> Trial:
    """Settle the lines under both, from the same facts; told in this language."""
    gaps = {gap.key: gap for program in (now, then) for gap in asked_of(program, facts, tongue)}
    told = tuple(
        LineTold(line.sku, line.name, line.quantity, line.unit, line.total()) for line in lines
    )
    gross = sum(line.total() for line in lines)
    return Trial(
        then.currency, gross, told, _side(lines, facts, now, tongue),
        _side(lines, facts, then, tongue), tuple(gaps.values()),
    )  # fmt: skip


def _side(lines: Sequence[Line], facts: Facts, program: Program, tongue: Tongue) -> Side:
    story = settle(lines, facts, program)
    effects = tell_effects(story.effects, program.currency, staff=True, tongue=tongue)
    return Side(
        program.version, story.to_pay_minor, story.points_earned, story.points_spent,
        line_prices(lines, effects), effects,
        tell_silent(story.silent, program.currency, staff=True, tongue=tongue),
    )  # fmt: skip


def asked_of(program: Program, facts: Facts, tongue: Tongue = ENGLISH) -> Iterator[Gap]:
    """What a program's rules ask of the member, each thing once."""
    asking: dict[str, list[str]] = {}
    needs: dict[str, Need] = {}
    for rule in program.rules:
        for need in needs_of(rule):
            needs[need.key] = need
            asking.setdefault(need.key, []).append(rule.id)
    for key, need in needs.items():
        rules = tuple(dict.fromkeys(asking[key]))
        yield Gap(key, _words(need, program.currency, tongue), rules, facts.known.get(key))
    for kind in dict.fromkeys(program.coupon_rules.values()):
        key = fact_of(kind)
        rules = tuple(rule for rule, asked in program.coupon_rules.items() if asked == kind)
        what = f"whether a good coupon is shown: {program.coupons[kind].name}"
        yield Gap(key, what, rules, facts.known.get(key))


def _words(need: Need, currency: str, tongue: Tongue) -> str:
    """What is asked, in words that a number answers."""
    match need:
        case Trait(of=Personal() as condition):
            return say_in(tongue, *condition.sentence(), currency)
        case Trait():
            return "steps that the member has reached"
        case Given(rule=rule, per=per, what=what):
            return f"{what} that {rule} gave ({per})"
        case History(measure=measure, scope=scope, window=window):
            return f"{measure} {scope or 'of everything'} ({window})"
        case Rank() | Moment():
            return need.key


@dataclass(frozen=True)
class Manner:
    """How it is tried. assumed: {key: value}, goes before what is known; tongue: to tell it in."""

    assumed: Mapping[str, int] = field(default_factory=dict)
    tongue: Tongue = ENGLISH

    def known(self, facts: Facts) -> Facts:
        """Facts, and what is assumed."""
        return replace(facts, known={**facts.known, **self.assumed})
