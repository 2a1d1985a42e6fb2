"""Coupons of a decision: which of those shown gave something, and what is told of each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from tessera.checkout.core.case import Case, facts_of
from tessera.rewards.coupons.core.book import Seen
from tessera.rewards.coupons.core.words import NOTHING_FOR_IT, CouponTold, Use
from tessera.rules.core.coupons import fact_of
from tessera.rules.core.engine import settle
from tessera.rules.core.stories import Effect, Story
from tessera.rules.core.texts import say_in
from tessera.rules.core.words import Program
from tessera.warehouse.core import Receipt


class Gave(NamedTuple):
    """What the rules of a kind gave: pieces of anything, money, points."""

    pieces: int = 0
    minor: int = 0
    points: int = 0


def gave(story: Story, rules: Mapping[str, str]) -> dict[str, Gave]:
    """{kind of coupon: what its rules gave}, of those that gave something.

    rules  {rule: the kind that it asks for}
    """
    found: dict[str, Gave] = {}
    for effect in story.effects:
        kind = rules.get(effect.rule)
        if kind is not None and effect.given > 0:
            so_far = found.get(kind, Gave())
            found[kind] = Gave(
                so_far.pieces + effect.given,
                so_far.minor + (effect.given if effect.kind == "discount" else 0),
                so_far.points + (effect.given if effect.kind == "points" else 0),
            )
    return found


def given(story: Story, program: Program) -> dict[tuple[str, str], int]:
    """{(kind of coupon, rule): coupons that the rule gave}, of kinds that the program declares."""
    found: dict[tuple[str, str], int] = {}
    for effect in story.effects:
        if effect.kind == "coupon" and effect.item in program.coupons and effect.given > 0:
            key = (effect.item, effect.rule)
            found[key] = found.get(key, 0) + effect.given
    return found


def to_use(shown: Sequence[Seen], brought: Mapping[str, Gave], kept: Iterable[Use]) -> set[int]:
    """The places of those that were used: what a kept promise says, else who is good and gave."""
    promised = {(use.kind, use.code) for use in kept}
    kinds = {kind for kind, _ in promised}
    found: set[int] = set()
    for at, seen in enumerate(shown):
        own = (seen.kind, seen.row.code if seen.row is not None else None)
        if own in promised:
            promised.discard(own)
            found.add(at)
        elif seen.state is None and seen.kind in brought and seen.kind not in kinds:
            found.add(at)
    return found


def make_known(case: Case, shown: Iterable[Seen]) -> None:
    """Put the good ones into the facts of the decision."""
    for seen in shown:
        if seen.state is None:
            case.known[fact_of(seen.kind)] = 1


def told(
    case: Case, receipt: Receipt, shown: Sequence[Seen], used: Collection[int]
) -> tuple[CouponTold, ...]:
    """What is said of each coupon that was shown. used: the places of those that were used."""
    said = []
    why: dict[str, str] | None = None
    for at, seen in enumerate(shown):
        if at in used:
            said.append(CouponTold(seen.text, "accepted", seen.kind))
        elif seen.state is None:
            why = _reasons(case, receipt) if why is None else why
            text = why.get(seen.kind) or say_in(case.tongue, NOTHING_FOR_IT, {}, "")
            said.append(CouponTold(seen.text, "unused", seen.kind, text))
        else:
            text = say_in(case.tongue, seen.why, {}, "")
            said.append(CouponTold(seen.text, seen.state, seen.kind, text))
    return tuple(said)


def _reasons(case: Case, receipt: Receipt) -> dict[str, str]:
    """{kind: why its rules gave nothing}: the first that some amount would help, else the first.

    Rules that give nothing are not all kept with a decision: asked again, to the same result.
    """
    rules = case.program.coupon_rules
    story = settle(receipt.lines, facts_of(case, receipt), case.program)
    silent = [each for each in story.silent if each.rule in rules and not each.hidden]
    found: dict[str, str] = {}
    for each in sorted(silent, key=lambda each: not each.lacking):
        currency = case.program.currency
        words = say_in(case.tongue, each.why, each.numbers, currency, each.phrases)
        found.setdefault(rules[each.rule], words)
    return found


def effects_of(story: Story, program: Program) -> list[Effect]:
    """What coupons have to do with: what they brought, and coupons that were given."""
    return [
        effect
        for effect in story.effects
        if effect.rule in program.coupon_rules
        or (effect.kind == "coupon" and effect.item in program.coupons)
    ]
