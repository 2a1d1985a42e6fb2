"""Mechanics wish, the engine decides: order, consumption, limits and the explanation, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec.structs import replace

from tessera.base.money import split
from tessera.rules.core.basket import Basket, Share
from tessera.rules.core.caps import LIMITS, Room, room_of
from tessera.rules.core.facts import Facts, Missing
from tessera.rules.core.plan import Planned
from tessera.rules.core.texts import Numbers, parted
from tessera.rules.core.words import Effect, Mechanic, Program, Silent, Story, Wish
from tessera.warehouse.core import Line

NEAR = 5  # rules that gave nothing and could be reached: so many are told at the till
_NO_CARD = Missing("no_card", 0, "no card was shown")
_WORTHLESS = Missing("worth_nothing", 0, "what it gives is worth nothing on this receipt")
_NOTHING = Missing("nothing_left", 0, "nothing of this receipt is left")
_TAKEN = Missing("group_taken", 0, "another rule of its group gave")
_KEPT_PART = "in proportion to what was kept"
_POINTS_FIRST = "what came back was paid back in points first"
_PROMOTED = "the shop has already made a line cheaper"


class Decision:
    """A receipt or an event on its way through the lanes."""

    __slots__ = ("basket", "effects", "facts", "gave", "program", "room", "silent", "taken")

    def __init__(self, basket: Basket, facts: Facts, program: Program) -> None:
        self.basket, self.facts, self.program = basket, facts, program
        self.effects: list[Effect] = []
        self.silent: list[tuple[Mechanic, Missing]] = []
        self.taken: set[str] = set()  # groups that were heard in this lane
        self.gave: set[str] = set()  # groups of which a rule gave, in whatever lane
        self.room: Room = room_of(program, facts, sum(basket.total))


def settle(
    lines: Sequence[Line], facts: Facts, program: Program, kept: Sequence[int] | None = None,
    *, explain: bool = True,
) -> Story:  # fmt: skip
    """Decide a receipt: pure, the same at the till, in a quote, in a replay and in a test.

    units    minor units of the program's currency, whole points
    kept     for a return: how many units of each line stay sold; None: all of them
    explain  hear every rule; else only the few that nearly gave (the rest can be told later from
             the facts that are kept, to the same result)
    source   ledger.md, combination of rules
    """
    return _decide(Basket(lines, kept, program), facts, program, None, explain)


def settle_kept(
    lines: Sequence[Line], facts: Facts, program: Program, kept: Sequence[int], sold: Story,
    *, explain: bool = True,
) -> Story:  # fmt: skip
    """What the kept part of a sale would have been under the program that sold it.

    sold  the sale's story, or what the last return left of it

    The payment with points is not asked again: it shrinks in proportion to what the kept part
    costs, or before the money does (`refund_points`), so that it depends on what is kept alone and
    not on the number of returns. Where a
    return breaks a bundle or a threshold, the kept part may cost more than before: a return never
    costs, so an effect named `RETURN` takes that off until more comes back.
    """
    return _decide(Basket(lines, kept, program), facts, program, sold, explain)


def settle_event(facts: Facts, program: Program, *, explain: bool = True) -> Story:
    """Decide something that happened besides a receipt: `facts.event` and its data."""
    decision = Decision(Basket((), None, program), facts, program)
    for lane in program.plan.events:
        _run(decision, lane.rules)
    return _story(decision, explain)


def _decide(
    basket: Basket, facts: Facts, program: Program, sold: Story | None, explain: bool
) -> Story:
    decision = Decision(basket, facts, program)
    last_of_money = "" if sold is None else _last_of_money(program.lanes)
    for lane in program.plan.lanes:
        if lane.name == "payment" and sold is not None:
            decision.effects.extend(_frozen_payment(basket, sold, program.refund_points))
        elif lane.rules:
            _run(decision, lane.rules if explain else lane.touched(basket))
            basket.free = basket.quantity.copy()
        if sold is not None and lane.name == last_of_money:
            decision.effects.extend(_no_dearer(basket, sold, program.version))
    return _story(decision, explain)


def _run(decision: Decision, rules: Sequence[Planned]) -> None:
    """The rules of one lane, in their order; an exclusive group when its first one comes."""
    basket, facts = decision.basket, decision.facts
    if not facts.member or not (any(basket.quantity) or facts.event):
        why = _NO_CARD if not facts.member else _NOTHING
        decision.silent.extend((each.rule, why) for each in rules)
        return
    silent = decision.silent
    for planned in rules:
        rule = planned.rule
        if rule.group:
            if rule.group not in decision.taken:
                decision.taken.add(rule.group)
                _run_group(decision, [each for each in rules if each.rule.group == rule.group])
            continue
        missing = planned.gate(basket, facts) if planned.gate is not None else None
        heard = missing or _ask(decision, rule)
        if isinstance(heard, Missing):
            silent.append((rule, heard))
        else:
            _grant(decision, rule, heard)
    decision.taken.clear()


def _ask(decision: Decision, rule: Mechanic) -> Wish | Missing:
    """One rule whose gate is open: what it wishes, or what was missing."""
    basket, facts = decision.basket, decision.facts
    verdict = rule.check(basket, facts)
    if isinstance(verdict, Missing):
        return verdict
    wish = rule.reward(basket, facts, verdict)
    return wish if wish.amount else _WORTHLESS


def _run_group(decision: Decision, rules: Sequence[Planned]) -> None:
    """Of an exclusive group one rule gives: the first that can, or the best or cheapest one."""
    group = decision.program.groups.get(rules[0].rule.group)
    pick = group.pick if group else "first"
    wishes: list[tuple[int, Mechanic, Wish]] = []
    if rules[0].rule.group in decision.gave:
        decision.silent.extend((planned.rule, _TAKEN) for planned in rules)
        return
    for planned in rules:
        gate = planned.gate
        missing = gate(decision.basket, decision.facts) if gate is not None else None
        heard = missing or _ask(decision, planned.rule)
        if isinstance(heard, Missing):
            decision.silent.append((planned.rule, heard))
        elif decision.room.left(planned.rule, heard).most:
            wishes.append((_worth(heard, planned.rule, decision), planned.rule, heard))
        else:
            _grant(decision, planned.rule, heard)  # its cap leaves nothing: it says so
    if pick == "best_for_member":
        wishes.sort(key=lambda each: -each[0])
    elif pick == "best_for_shop":
        wishes.sort(key=lambda each: each[0])
    given = False
    for _, rule, wish in wishes:
        if given:
            decision.silent.append((rule, _TAKEN))
        else:
            given = _grant(decision, rule, wish)
            if given:
                decision.gave.add(rule.group)


def _worth(wish: Wish, rule: Mechanic, decision: Decision) -> int:
    """What would be given, in hundredths of a minor unit to the member; gifts come after money."""
    amount = min(wish.amount, decision.room.left(rule, wish).most)
    if wish.kind == "points":
        return amount * decision.program.point_minor_x100
    return amount * 100 if wish.kind in ("discount", "payment") else amount


def _grant(decision: Decision, rule: Mechanic, wish: Wish) -> bool:
    """Give what basket and caps can bear, note what was wanted; False if that is nothing."""
    limit = decision.room.left(rule, wish)
    shares, amount, named = wish.shares, wish.amount, _UNNAMED
    trimmed = wish.limit
    if amount > limit.most:
        amount, trimmed, named = limit.most, limit.why, limit.numbers
        shares = _fewer(shares, amount)
        if not amount:
            decision.silent.append((rule, limit.missing(wish.amount)))
            return False
    if wish.kind == "discount":
        promoted = decision.program.promoted_discount
        shares, why = _take_off(decision.basket, shares, stack=rule.stack, promoted=promoted)
        trimmed = why or trimmed
        amount = sum(share.amount for share in shares)
    elif wish.kind == "payment":
        _pay(decision, wish)
    elif wish.kind == "points" and not rule.earns:
        _note_points(decision.basket, shares, rule)
    decision.room.take(rule, wish, amount)
    decision.basket.gave[rule.id] = amount
    told = _told(wish, amount)
    numbers, phrases = parted({**told, **named} if named else told)
    decision.effects.append(Effect(
        wish.kind, rule.id, rule.code, decision.program.version, amount,
        wish.wanted or wish.amount,
        tuple([(share.line + 1, share.amount) for share in shares if share.amount]),
        numbers, wish.screen, wish.slip, wish.points, trimmed, wish.item, rule.hidden,
        rule.earns if wish.kind == "points" else "", phrases,
    ))  # fmt: skip
    return amount > 0


_UNNAMED: Numbers = {}
_AMOUNTS = {"discount": "total_minor", "donation": "total_minor"}  # of the rest, `count`


def _told(wish: Wish, given: int) -> Numbers:
    """The numbers of a wish; where it was trimmed, the texts tell what was given."""
    name = _AMOUNTS.get(wish.kind, "count")
    if given == wish.amount or name not in wish.numbers:
        return wish.numbers
    return {**wish.numbers, name: given}


def _fewer(shares: tuple[Share, ...], room: int) -> tuple[Share, ...]:
    """The shares of what a cap leaves, in proportion; the units stay used up."""
    if not shares:
        return shares
    parts = split(room, [share.amount for share in shares])
    return tuple([Share(s.line, part, s.units) for s, part in zip(shares, parts, strict=True)])


def _take_off(
    basket: Basket, shares: Sequence[Share], *, stack: bool = False, promoted: bool = True
) -> tuple[tuple[Share, ...], str]:
    """Lower the lines; none goes below zero and no unit is used twice in a lane.

    stack     units that were used count again, and none are used up
    promoted  lines that the shop has already made cheaper may be lowered further
    """
    given, trimmed = [], ""
    for share in shares:
        i, units = share.line, share.units
        amount = min(share.amount, basket.left[i])
        if not promoted and basket.lines[i].promo:
            amount, units, trimmed = 0, 0, _PROMOTED
        elif units > basket.free[i] and not stack:
            amount, units, trimmed = 0, 0, "another rule has already used these units"
        elif amount < share.amount:
            trimmed = "a line does not go below zero"
        if not stack:
            basket.free[i] -= units
        basket.left[i] -= amount
        given.append(Share(i, amount, units))
    return tuple(given), trimmed


def _pay(decision: Decision, wish: Wish) -> None:
    basket, facts = decision.basket, decision.facts
    by_points = basket.by_points or [0] * len(basket.lines)
    for share in wish.shares:
        by_points[share.line] += share.amount
    basket.by_points = by_points
    if facts.spend is not None:  # what is left to be paid with
        decision.facts = replace(
            facts, spend=facts.spend - wish.points, available=facts.available - wish.points
        )


def _note_points(basket: Basket, shares: Sequence[Share], rule: Mechanic) -> None:
    """What the lines have earned so far: multipliers come after it."""
    for share in shares:
        basket.earned[share.line] += share.amount
        if rule.base:
            basket.base[share.line] += share.amount
        elif rule.multiplies:
            basket.multiplied[share.line] += share.amount


def _frozen_payment(
    basket: Basket, sold: Story, back: Literal["proportion", "first"]
) -> list[Effect]:
    """The sale's payments with points, as the kept part leaves them.

    back  `proportion`: they shrink with what the kept part costs; `first`: what comes back is paid
          back in points until none are left, then in money
    """
    effects = []
    why = _KEPT_PART if back == "proportion" else _POINTS_FIRST
    for effect in sold.effects:
        if effect.kind != "payment":
            continue
        room, numbers = basket.payable(), effect.numbers
        before, now = int(numbers["payable_minor"]), sum(room)
        all_points = int(numbers.get("sold_points", effect.points))
        all_minor = int(numbers.get("sold_minor", effect.given))
        part, whole = min(now, before), before
        if back == "first":
            part, whole = max(all_minor - (before - part), 0), all_minor
        # never more than the last return left: points given back are not asked for again
        points = min(all_points * part // whole, effect.points)
        minor = min(all_minor * part // whole, now, effect.given)
        shares = split(minor, room) if minor else [0] * len(room)
        paid = basket.by_points or [0] * len(room)
        basket.by_points = [a + b for a, b in zip(paid, shares, strict=True)]
        effects.append(
            replace(
                effect, given=minor, wanted=max(effect.wanted, minor), points=points,
                trimmed=effect.trimmed or (why if minor < effect.wanted else ""),
                lines=tuple((i + 1, share) for i, share in enumerate(shares) if share),
                screen="{points} points pay {paid_minor} of what was kept",
                slip="paid with {points} points",
                numbers={**numbers, "points": points, "paid_minor": minor,
                         "sold_points": all_points, "sold_minor": all_minor},
            )
        )  # fmt: skip
    return effects


def _last_of_money(lanes: Sequence[str]) -> str:
    """The lane after which it is known what is to be paid."""
    return max(("price", "payment"), key=lambda lane: lanes.index(lane) if lane in lanes else -1)


RETURN = "*return"  # what no rule gave: a part of a lost discount that a return does not charge


def _no_dearer(basket: Basket, before: Story, version: int) -> list[Effect]:
    """What the kept part would cost more than was paid, taken off what it leaves in money."""
    paid = basket.by_points or [0] * len(basket.left)
    room = [left - points for left, points in zip(basket.left, paid, strict=True)]
    over = sum(room) - before.to_pay_minor
    if over <= 0:
        return []
    shares = split(over, room)
    basket.left = [left - share for left, share in zip(basket.left, shares, strict=True)]
    lines = tuple((i + 1, share) for i, share in enumerate(shares) if share)
    return [Effect(
        "discount", RETURN, "", version, over, over, lines, {"total_minor": over},
        "what is kept costs {total_minor} more than was paid: not charged",
        "not charged: {total_minor}",
    )]  # fmt: skip


def _story(decision: Decision, explain: bool) -> Story:
    basket, effects = decision.basket, decision.effects
    paid = sum(basket.by_points) if basket.by_points else 0
    points = spent = 0
    for effect in effects:
        if effect.kind == "points":
            points += 0 if effect.unit else effect.given
        elif effect.kind == "payment":
            spent += effect.points
    version = decision.program.version
    unseen = any(effect.hidden and effect.kind == "discount" for effect in effects)
    heard = decision.silent if explain else _near(decision.silent, unseen)
    return Story(
        tuple(effects),
        tuple([_silent(rule, m, version) for rule, m in heard]),
        sum(basket.total), sum(basket.left) - paid, points, spent,
    )  # fmt: skip


def _silent(rule: Mechanic, missing: Missing, version: int) -> Silent:
    numbers, phrases = parted(missing.numbers)
    return Silent(
        rule.id, rule.code, version, missing.code, missing.lacking, missing.why, numbers,
        rule.hidden, phrases,
    )  # fmt: skip


def _near(
    silent: Sequence[tuple[Mechanic, Missing]], unseen: bool
) -> list[tuple[Mechanic, Missing]]:
    """What the till tells: payments that were refused, and open rules that are within reach.

    unseen  a hidden rule has used units up: what open price rules lack of them would be puzzling
    Besides, what a limit has left nothing of, but for what is given once and has been.
    """
    near = []
    for rule, missing in silent:
        reached = missing.lacking > 0 and not rule.hidden and not (unseen and rule.lane == "price")
        if rule.lane == "payment" or reached:
            near.append((rule, missing))
            if len(near) == NEAR:
                break
    return near + [each for each in silent if _limited(each[1])][:NEAR]


def _limited(missing: Missing) -> bool:
    if missing.code == "cap_reached":
        return missing.why != LIMITS["ever"]
    return missing.code == "budget_used_up"
