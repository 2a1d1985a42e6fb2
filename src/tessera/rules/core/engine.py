"""Mechanics wish, the engine decides: order, consumption, limits and the explanation, once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from tessera.base.money import in_words, split
from tessera.rules.core.words import (
    Basket,
    Effect,
    Facts,
    Mechanic,
    Missing,
    Program,
    Share,
    Silent,
    Story,
    Wish,
)
from tessera.warehouse.core import Line

_NO_CARD = Missing("no_card", 0, "no card was shown")
_WORTHLESS = Missing("worth_nothing", 0, "what it gives is worth nothing on this receipt")


def settle(
    lines: Sequence[Line], facts: Facts, program: Program, kept: Sequence[int] | None = None
) -> Story:
    """Decide a receipt: pure, the same at the till, in a quote, in a replay and in a test.

    units   minor units of the program's currency, whole points
    kept    for a return: how many units of each line stay sold; None: all of them
    source  ledger.md, combination of rules
    """
    basket = Basket(lines, kept, program)
    return _decide(basket, facts, program, None)


def settle_kept(
    lines: Sequence[Line], facts: Facts, program: Program, kept: Sequence[int], sold: Story
) -> Story:
    """What the kept part of a sale would have been under the program that sold it.

    The payment with points is not asked again: it shrinks in proportion to what the kept part
    costs, so that it depends on what is kept alone and not on the number of returns.
    """
    return _decide(Basket(lines, kept, program), facts, program, sold)


def _decide(basket: Basket, facts: Facts, program: Program, sold: Story | None) -> Story:
    effects: list[Effect] = []
    silent: list[Silent] = []
    gross = sum(basket.total)
    for lane in program.lanes:
        if lane == "payment" and sold is not None:
            effects.extend(_frozen_payment(basket, sold))
            continue
        for rule in in_lane(program, lane):
            heard = _ask(basket, facts, program, rule)
            if isinstance(heard, Silent):
                silent.append(heard)
                continue
            effects.append(heard)
            if heard.kind == "payment" and facts.spend is not None:  # what is left to be paid with
                left = facts.spend - heard.points
                facts = replace(facts, spend=left, available=facts.available - heard.points)
        basket.free = basket.quantity.copy()
    paid = sum(basket.by_points) if basket.by_points else 0
    return Story(
        tuple(effects), tuple(silent), gross, sum(basket.left) - paid,
        sum(e.given for e in effects if e.kind == "points"),
        sum(e.points for e in effects if e.kind == "payment"),
    )  # fmt: skip


def _ask(basket: Basket, facts: Facts, program: Program, rule: Mechanic) -> Effect | Silent:
    """One rule: what it gives, or what was missing."""
    verdict = rule.check(basket, facts) if facts.member else _NO_CARD
    if not isinstance(verdict, Missing):
        wish = rule.reward(basket, facts, verdict)
        if wish.amount:
            return _grant(basket, rule, wish, program)
        verdict = _WORTHLESS
    return Silent(rule.id, rule.code, program.version, verdict.code, verdict.lacking, verdict.why)


def in_lane(program: Program, lane: str) -> list[Mechanic]:
    """The rules of one lane in the order in which they are asked."""
    rules = [rule for rule in program.rules if rule.lane == lane]
    if len(rules) > 1:
        rules.sort(key=lambda rule: -rule.priority)
    return rules


def _grant(basket: Basket, rule: Mechanic, wish: Wish, program: Program) -> Effect:
    """Give what the basket can bear, and note what was wanted."""
    if wish.kind == "discount":
        given, trimmed = _take_off(basket, wish.shares)
    else:
        given, trimmed = wish.shares, ""
        if wish.kind == "payment":
            _pay(basket, wish.shares)
    amount = sum(share.amount for share in given)
    return Effect(
        wish.kind, rule.id, rule.code, program.version, amount, wish.wanted or wish.amount,
        tuple([(share.line + 1, share.amount) for share in given if share.amount]),
        wish.numbers, wish.screen, wish.slip, wish.points, trimmed or wish.limit,
    )  # fmt: skip


def _take_off(basket: Basket, shares: Sequence[Share]) -> tuple[tuple[Share, ...], str]:
    """Lower the lines; none goes below zero and no unit is used twice in a lane."""
    given, trimmed = [], ""
    for share in shares:
        amount = min(share.amount, basket.left[share.line])
        if share.units > basket.free[share.line]:
            amount, trimmed = 0, "another rule has already used these units"
        elif amount < share.amount:
            trimmed = "a line does not go below zero"
        if amount or share.units <= basket.free[share.line]:
            basket.free[share.line] -= share.units
            basket.left[share.line] -= amount
        given.append(Share(share.line, amount, share.units))
    return tuple(given), trimmed


def _pay(basket: Basket, shares: Sequence[Share]) -> None:
    by_points = basket.by_points or [0] * len(basket.lines)
    for share in shares:
        by_points[share.line] += share.amount
    basket.by_points = by_points


def _frozen_payment(basket: Basket, sold: Story) -> list[Effect]:
    """The sale's payments with points, in proportion to what the kept part costs."""
    effects = []
    for effect in sold.effects:
        if effect.kind != "payment":
            continue
        room = basket.payable()
        before, now = effect.numbers["payable_minor"], sum(room)
        part = min(now, before)
        points = effect.points * part // before
        minor = min(effect.given * part // before, now)
        shares = split(minor, room) if minor else [0] * len(room)
        told = f"{points} points pay {in_words(minor, basket.currency)} of what was kept"
        slip = f"paid with {points} points"
        _pay(basket, [Share(i, amount) for i, amount in enumerate(shares)])
        if points or minor:
            effects.append(
                Effect(
                    "payment", effect.rule, effect.mechanic, effect.version, minor, effect.given,
                    tuple((i + 1, amount) for i, amount in enumerate(shares) if amount),
                    {**effect.numbers, "payable_minor": now}, told, slip, points,
                    "in proportion to what was kept",
                )
            )  # fmt: skip
    return effects
