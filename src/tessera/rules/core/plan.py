"""A program made ready to decide: lanes in order, gates closed over, the facts it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from tessera.rules.core.basket import Basket
from tessera.rules.core.budgets import Book, book_of
from tessera.rules.core.conditions import Reading, all_needs
from tessera.rules.core.coupons import fact_of
from tessera.rules.core.draws import Draw
from tessera.rules.core.facts import Facts, Given, History, Missing, Need, Trait
from tessera.rules.core.settings import Cap, Control
from tessera.rules.core.settings import draw as draw_number

if TYPE_CHECKING:
    from tessera.rules.core.words import Mechanic, Program

Gate = Callable[[Basket, Facts], Missing | None]
_NOT_YET = Missing("not_yet", 0, "this rule has not begun")
_OVER = Missing("over", 0, "this rule has ended")
_ELSEWHERE = Missing("other_store", 0, "this is for other stores")
_OTHERS = Missing("sample", 0, "this is being tried with other members")
_CONTROL = Missing("control", 0, "the control group gets base rules only")
_NO_COUPON = Missing("coupon_absent", 0, "no good coupon for it was shown")


@dataclass(frozen=True, slots=True)
class Planned:
    """A rule with its gate: what must hold before the mechanic itself is asked.

    at  its place in the lane's order
    """

    rule: Mechanic
    gate: Gate | None
    at: int


@dataclass(frozen=True, slots=True)
class Lane:
    """The rules of a lane in the order in which they are asked.

    always       those that any basket may set off
    by_sku       {article: rules that give nothing without it (or another one they name)}
    by_category  likewise
    """

    name: str
    rules: tuple[Planned, ...]
    always: tuple[Planned, ...]
    by_sku: dict[str, list[Planned]]
    by_category: dict[str, list[Planned]]

    def touched(self, basket: Basket) -> Sequence[Planned]:
        """The rules that this basket can set off, in their order."""
        if not (self.by_sku or self.by_category):
            return self.rules
        found = {
            planned.at: planned
            for index, names in (
                (self.by_sku, basket.by_sku()), (self.by_category, basket.by_category())
            )
            if index
            for name in names
            for planned in index.get(name, ())
        }  # fmt: skip
        if not found:
            return self.always
        found.update((planned.at, planned) for planned in self.always)
        return [found[at] for at in sorted(found)]


@dataclass(frozen=True)  # no slots: what is looked up for every receipt is picked out once
class Plan:
    """What the engine runs through.

    lanes    in the program's order; `events`: those for what happens besides receipts
    needs    the facts that some rule looks up, each once
    capped   rules whose giving in a member's period is counted
    skus     articles whose purchases are counted by article; `tracked`: event types
    book     the budgets, None if there are none
    """

    lanes: tuple[Lane, ...]
    events: tuple[Lane, ...]
    needs: tuple[Need, ...]
    capped: frozenset[str]
    skus: frozenset[str]
    tracked: frozenset[str]
    book: Book | None

    @cached_property
    def history(self) -> tuple[History, ...]:
        """What is needed of the member's purchases."""
        return tuple(need for need in self.needs if isinstance(need, History))

    @cached_property
    def given(self) -> tuple[Given, ...]:
        """What is needed of the rules' own giving."""
        return tuple(need for need in self.needs if isinstance(need, Given))

    @cached_property
    def traits(self) -> tuple[Trait, ...]:
        """What is needed of the person."""
        return tuple(need for need in self.needs if isinstance(need, Trait))


def compiled(program: Program) -> Plan:
    """Make a program ready: once per version and process."""
    needs = {need.key: need for need in _needs(program)}
    history = [need for need in needs.values() if isinstance(need, History)]
    return Plan(
        _lanes(program, "receipt"),
        _lanes(program, "event"),
        tuple(needs.values()),
        frozenset(need.rule for need in needs.values() if isinstance(need, Given))
        | frozenset(ladder.tally for ladder in program.tiers.values() if ladder.tally)
        | frozenset(board.tally for board in program.boards.values() if board.tally),
        frozenset(need.scope[2:] for need in history if need.scope.startswith("s:")),
        frozenset(need.scope[2:] for need in history if need.scope.startswith("e:")),
        book_of(program),
    )


def _lanes(program: Program, trigger: str) -> tuple[Lane, ...]:
    lanes = []
    for name in program.lanes:
        rules = [rule for rule in program.rules if rule.lane == name and rule.trigger == trigger]
        # base rules first: multipliers multiply what is there when they are asked
        rules.sort(key=lambda rule: (not rule.base, -rule.priority))
        lanes.append(_lane(name, [Planned(r, _gate(r, program), at) for at, r in enumerate(rules)]))
    return tuple(lanes)


def _lane(name: str, planned: Sequence[Planned]) -> Lane:
    """Beside the order, an index of the rules that are about particular goods only."""
    always: list[Planned] = []
    by_sku: dict[str, list[Planned]] = {}
    by_category: dict[str, list[Planned]] = {}
    for each in planned:
        watched = each.rule.watches()
        if watched is None or not (watched.skus or watched.categories):
            always.append(each)
            continue
        names, index = (watched.skus, by_sku) if watched.skus else (watched.categories, by_category)
        for word in names:
            index.setdefault(word, []).append(each)
    return Lane(name, tuple(planned), tuple(always), by_sku, by_category)


def _needs(program: Program) -> Iterator[Need]:
    for rule in program.rules:
        yield from needs_of(rule)
    yield from cap_needs(POINTS, program.point_caps)
    yield from cap_needs(DISCOUNTS, program.discount_caps)
    for ladder in program.tiers.values():
        yield from ladder.needs()


def needs_of(rule: Mechanic) -> Iterator[Need]:
    """The facts that one rule looks up: its own, its conditions', its caps'."""
    yield from rule.needs()
    for condition in (rule.when, rule.implied()):
        if condition is not None:
            yield from all_needs(condition)
    yield from cap_needs(rule.id, rule.caps)


POINTS, DISCOUNTS = "*points", "*discount"  # the names under which all rules together are counted


def cap_needs(rule: str, caps: Sequence[Cap]) -> Iterator[Given]:
    """What has to be known of a rule's giving for its caps over time."""
    for cap in caps:
        if cap.per != "receipt":
            if cap.most is not None:
                yield Given(rule, cap.per, "amount")
            if cap.times is not None:
                yield Given(rule, cap.per, "times")


def _gate(rule: Mechanic, program: Program) -> Gate | None:
    """What must hold before the mechanic is asked, the cheapest first; None: nothing."""
    gates = tuple(_gates(rule, program))
    if len(gates) <= 1:
        return gates[0] if gates else None

    def gate(basket: Basket, facts: Facts) -> Missing | None:
        for each in gates:
            missing = each(basket, facts)
            if missing is not None:
                return missing
        return None

    return gate


def _gates(rule: Mechanic, program: Program) -> Iterator[Gate]:
    if rule.starts or rule.ends:
        yield _dates(rule)
    draw = program.draws.get(rule.draw_of())
    if draw is not None and (draw.starts or draw.ends):
        yield _dates(draw)
    if rule.stores or rule.regions:
        yield _places(rule)
    if rule.coupon:
        yield _coupon(fact_of(rule.coupon))
    for condition in (rule.when, rule.implied()):
        if condition is not None:
            yield _asked(condition.reading())
    if program.control is not None and not rule.base:
        yield _control(program.control)
    if rule.sample is not None or rule.ramp:
        yield _sample(rule)


def is_for(rule: Mechanic, program: Program, facts: Facts) -> bool:
    """Whether a rule runs now and is tried with this member: dates, control group, sample."""
    gates = [_dates(rule)] if rule.starts or rule.ends else []
    draw = program.draws.get(rule.draw_of())
    if draw is not None and (draw.starts or draw.ends):
        gates.append(_dates(draw))
    if program.control is not None and not rule.base:
        gates.append(_control(program.control))
    if rule.sample is not None or rule.ramp:
        gates.append(_sample(rule))
    nothing = Basket((), None, program)
    return all(gate(nothing, facts) is None for gate in gates)


def _asked(read: Reading) -> Gate:
    def asked(basket: Basket, facts: Facts) -> Missing | None:
        found = read(basket, facts)
        return found if isinstance(found, Missing) else None

    return asked


def _dates(of: Mechanic | Draw) -> Gate:
    starts, ends = of.starts, of.ends

    def dates(basket: Basket, facts: Facts) -> Missing | None:
        if facts.at is None:
            return _NOT_YET
        on = facts.at.date()
        if starts is not None and on < starts:
            return _NOT_YET
        return _OVER if ends is not None and on > ends else None

    return dates


def _places(rule: Mechanic) -> Gate:
    stores, regions = frozenset(rule.stores), frozenset(rule.regions)

    def places(basket: Basket, facts: Facts) -> Missing | None:
        return None if facts.store in stores or facts.region in regions else _ELSEWHERE

    return places


def _coupon(fact: str) -> Gate:
    def shown(basket: Basket, facts: Facts) -> Missing | None:
        return None if facts.known.get(fact) else _NO_COUPON

    return shown


def _control(control: Control) -> Gate:
    salt, percent = control.salt, control.percent

    def outside_control(basket: Basket, facts: Facts) -> Missing | None:
        return _CONTROL if draw_number(salt, facts.who) < percent * 100 else None

    return outside_control


def _sample(rule: Mechanic) -> Gate:
    sample, steps = rule.sample, sorted(rule.ramp, key=lambda step: step.on)
    salt = (sample.salt if sample else "") or rule.id
    above, most = (sample.above, sample.upto) if sample else (0, 100)

    def sampled(basket: Basket, facts: Facts) -> Missing | None:
        upto = most
        if steps:
            upto = 0
            for step in steps:
                if facts.at is not None and step.on <= facts.at.date():
                    upto = step.upto
        number = draw_number(salt, facts.who)
        return None if above * 100 <= number < upto * 100 else _OTHERS

    return sampled
