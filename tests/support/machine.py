"""A shop driven at random, beside a plain model of what every balance must be.

The model knows arithmetic only: what a basket costs, what it earns, what comes back. After each
step the whole house is proved and every member's balance is asked for.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from support import shop
from support.machine_model import Bought, Model, Person, Promised
from support.shop import PAY, THIRD_LATTE, TWO_PERCENT, Said, Shop, goods_back, line, sale
from tessera.checkout.core import Cancel, Quote
from tessera.warehouse.core import Line, Receipt, Return

PROGRAM = shop.program(TWO_PERCENT, PAY, THIRD_LATTE)
LATTE_MINOR = 250
PICK = st.integers(0, 10**6)  # of however many there are by then


def to_pay(lines: tuple[Line, ...], units: list[int], member: bool) -> int:
    """What these units cost: every third latte is a member's for nothing."""
    lattes = sum(n for each, n in zip(lines, units, strict=True) if each.sku == "LATTE")
    gross = sum(
        (2 * each.total() * n + each.quantity) // (2 * each.quantity)
        for each, n in zip(lines, units, strict=True)
    )
    return gross - (lattes // 3 * LATTE_MINOR if member else 0)


def earns(minor: int, member: bool) -> int:
    return minor * 2 // 100 if member else 0


baskets = st.tuples(
    st.integers(0, 7), st.integers(1, 3), st.sampled_from([0, 1, 333, 1250])
).map(
    lambda n: tuple(
        each
        for each in (
            line("LATTE", n[0], LATTE_MINOR) if n[0] else None,
            line("SOUP", n[1], 1499),
            line("HAM", n[2], 1999, "g") if n[2] else None,
        )
        if each is not None
    )
)  # fmt: skip


class Machine(RuleBasedStateMachine):
    """One example: fresh people in the shop that all examples share."""

    shop: Shop
    runner: asyncio.Runner

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.count = 0

    def run(self, work: Any) -> Any:
        return self.runner.run(work)

    def send(self, ask: Receipt | Return | Quote | Cancel) -> Said:
        """A call with a key of its own; what was done is remembered."""
        self.count += 1
        key = f"{id(self):x}-{self.count}-{shop.fresh_card()}"
        said = self.run(self.shop.send(ask, key))
        if said.status < 300:
            self.model.calls.append((ask, key, said))
        return said

    def person(self, pick: int) -> Person:
        return self.model.people[pick % len(self.model.people)].own

    @initialize()
    def the_shop_has_a_member_and_a_shadow(self) -> None:
        for registered in (True, False):
            self.somebody_comes(registered)
            person = self.model.people[-1]
            self.buy(person, sale(person.card, line("SOUP", 3, 9_999)))

    @rule(registered=st.booleans())
    def somebody_comes(self, registered: bool) -> None:
        card = shop.fresh_card()
        if registered:
            self.run(self.shop.register(card))
        self.model.people.append(Person(card, registered, registered))

    @precondition(lambda self: any(not each.own.registered for each in self.model.people))
    @rule()
    def a_shadow_registers(self) -> None:
        shadow = next(each for each in self.model.people if not each.own.registered).own
        self.run(self.shop.register(shadow.card))
        shadow.registered = shadow.seen = True

    @rule(lines=baskets)
    def nobody_buys(self, lines: tuple[Line, ...]) -> None:
        ask = sale(None, *lines)
        said = self.send(ask)
        assert said.answer.to_pay_minor == to_pay(lines, [n.quantity for n in lines], False)
        assert (said.answer.points_earned, said.answer.balance) == (0, None)
        self.model.sales.append(Bought(ask, None, [n.quantity for n in lines], 0, 0))

    @precondition(lambda self: self.model.people)
    @rule(pick=PICK, lines=baskets)
    def a_member_buys(self, pick: int, lines: tuple[Line, ...]) -> None:
        self.buy(self.person(pick), sale(self.person(pick).card, *lines))

    @precondition(lambda self: self.model.people)
    @rule(pick=PICK, lines=baskets, points=st.integers(1, 400))
    def a_member_buys_with_points(self, pick: int, lines: tuple[Line, ...], points: int) -> None:
        person = self.person(pick)
        ask = sale(person.card, *lines, spend=points)
        free = self.free(person)
        if points > free:
            assert self.send(ask).problem.code == "points_short"
        elif not person.registered:
            assert self.send(ask).problem.code == "not_registered"
        else:
            self.buy(person, ask)

    def free(self, person: Person) -> int:
        """What the house says can be spent; with debt, what is active says more than the model."""
        person = person.own
        if not person.seen:
            return 0
        told = self.run(self.shop.balance(person.card))
        assert told.available + told.held - told.debt == person.balance
        return int(told.available)

    def buy(self, person: Person, ask: Receipt, said: Said | None = None) -> Said:
        person = person.own
        units = [each.quantity for each in ask.lines]
        minor = to_pay(ask.lines, units, True)
        spent = min(ask.spend.points, minor) if ask.spend else 0
        said = said or self.send(ask)
        earned = earns(minor - spent, True)
        told = said.answer
        assert (told.points_earned, told.points_spent) == (earned, spent)
        assert told.to_pay_minor == minor - spent
        person.seen = True
        person.balance += earned - spent
        assert said.balance == person.balance
        self.model.sales.append(Bought(ask, person, units, earned, spent))
        return said

    @precondition(lambda self: any(each.registered for each in self.model.people))
    @rule(pick=PICK, lines=baskets, points=st.integers(1, 200))
    def a_quote_is_held(self, pick: int, lines: tuple[Line, ...], points: int) -> None:
        members = [each.own for each in self.model.people if each.own.registered]
        person = members[pick % len(members)]
        ask, free = sale(person.card, *lines, spend=points), self.free(person)
        said = self.send(Quote(ask, hold=True))
        if points > free:
            assert said.problem.code == "points_short"
            return
        minor = to_pay(lines, [each.quantity for each in lines], True)
        spent = min(points, minor)
        earned = earns(minor - spent, True)
        assert (said.answer.points_earned, said.answer.points_spent) == (earned, spent)
        assert said.balance == person.balance
        self.model.promises.append(Promised(said.answer.id, ask, person, spent, earned))

    @precondition(lambda self: self.model.promises)
    @rule(pick=PICK)
    def a_quote_is_confirmed(self, pick: int) -> None:
        promise = self.model.promises.pop(pick % len(self.model.promises))
        free = self.free(promise.person) + (0 if promise.late else promise.points)
        ask = replace(promise.ask, quote=promise.id)
        if promise.late and promise.ask.spend and promise.ask.spend.points > free:
            assert self.send(ask).problem.code == "points_short"
            self.model.promises.append(promise)  # a refusal has changed nothing
            return
        # What a late hold had kept first pays what is owed: fewer may be left than were free.
        said = self.send(ask)
        if promise.late and said.status >= 400:
            assert said.problem.code == "points_short"
            assert self.run(self.shop.balance(promise.person.card)).debt > 0
            self.model.promises.append(promise)
            return
        assert self.buy(promise.person, ask, said).answer.differences == ()

    @precondition(lambda self: self.model.promises)
    @rule(pick=PICK, lines=baskets)
    def other_goods_are_confirmed(self, pick: int, lines: tuple[Line, ...]) -> None:
        promise = self.model.promises.pop(pick % len(self.model.promises))
        self.buy(promise.person, sale(promise.person.card, *lines, quote=promise.id))

    @precondition(lambda self: self.model.promises and len(self.model.people) > 1)
    @rule(pick=PICK, lines=baskets)
    def somebody_else_names_a_quote(self, pick: int, lines: tuple[Line, ...]) -> None:
        promise = self.model.promises[pick % len(self.model.promises)]
        others = [e.own for e in self.model.people if e.own is not promise.person.own]
        if not others:
            return
        other = others[pick % len(others)]
        said = self.buy(other, sale(other.card, *lines, quote=promise.id))
        assert said.answer.differences == ()

    @precondition(lambda self: self.model.promises)
    @rule(pick=PICK)
    def a_quote_is_cancelled(self, pick: int) -> None:
        promise = self.model.promises.pop(pick % len(self.model.promises))
        assert self.send(Cancel(promise.id)).answer.kind == "cancelled"
        assert self.send(Cancel(promise.id)).status == 200, "twice is the same as once"

    @precondition(lambda self: self.model.people[0].balance > 200)
    @rule(lines=baskets, points=st.integers(1, 100), late=st.booleans())
    def a_quote_is_held_to_its_end(self, lines: tuple[Line, ...], points: int, late: bool) -> None:
        before = len(self.model.promises)
        self.a_quote_is_held(0, lines, points)
        if len(self.model.promises) > before:
            if late:
                self.time_passes()
            self.a_quote_is_confirmed(before)

    @precondition(lambda self: self.model.promises)
    @rule()
    def time_passes(self) -> None:
        self.run(self.shop.overdue(datetime.now(UTC) - timedelta(seconds=1)))
        for promise in self.model.promises:
            promise.late = True

    @precondition(lambda self: self.model.sales)
    @rule(pick=PICK, which=PICK, units=st.integers(1, 400), whole=st.booleans())
    def goods_come_back(self, pick: int, which: int, units: int, whole: bool) -> None:
        bought = self.model.sales[pick % len(self.model.sales)]
        number = which % len(bought.kept)
        ask = goods_back(bought.ask) if whole else goods_back(bought.ask, (number + 1, units))
        if not any(bought.kept):
            assert self.send(ask).problem.code == "nothing_left"
        elif not whole and units > bought.kept[number]:
            assert self.send(ask).problem.code == "return_above_sale"
        else:
            for n in range(len(bought.kept)):
                if whole or n == number:
                    bought.kept[n] -= bought.kept[n] if whole else units
            self.came_back(bought, self.send(ask))

    def came_back(self, bought: Bought, said: Said) -> None:
        told, person = said.answer, bought.person and bought.person.own
        bought.earned += told.points_earned
        bought.spent += told.points_spent
        if not any(bought.kept):
            assert (bought.earned, bought.spent) == (0, 0), "all is back, and so are the points"
        if bought.paid_in_money:
            left = to_pay(bought.ask.lines, bought.kept, person is not None)
            assert bought.earned == earns(left, person is not None)
            assert told.to_pay_minor == left
        if person is not None:
            person.balance += told.points_earned - told.points_spent
            assert said.balance == person.balance

    @precondition(lambda self: self.model.people)
    @rule(pick=PICK, lines=baskets)
    def a_return_comes_before_its_sale(self, pick: int, lines: tuple[Line, ...]) -> None:
        person = self.person(pick)
        ask = sale(person.card, *lines)
        assert self.send(goods_back(ask)).status == 202
        said = self.send(ask)
        assert said.status == 201
        person.seen = True
        self.run(self.shop.woken())
        assert self.run(self.shop.balance(person.card)).balance == person.balance

    @precondition(lambda self: self.model.calls)
    @rule(pick=PICK)
    def a_call_comes_again(self, pick: int) -> None:
        ask, key, first = self.model.calls[pick % len(self.model.calls)]
        again = self.run(self.shop.send(ask, key))
        assert (again.status, again.reply.body) == (first.status, first.reply.body)

    @precondition(lambda self: self.model.calls)
    @rule(pick=PICK)
    def a_key_comes_with_another_body(self, pick: int) -> None:
        ask, key, _ = self.model.calls[pick % len(self.model.calls)]
        if isinstance(ask, Cancel):
            return
        field_name = "basket" if isinstance(ask, Quote) else "number"
        other: Any = (
            replace(ask, basket=replace(ask.basket, number="other"))
            if isinstance(ask, Quote)
            else replace(ask, number="other")
        )
        said = self.run(self.shop.send(other, key))
        assert (said.status, said.problem.code, said.problem.field) == (
            422, "key_reused", field_name,
        )  # fmt: skip

    @precondition(lambda self: self.model.sales)
    @rule(pick=PICK)
    def a_receipt_comes_under_another_key(self, pick: int) -> None:
        ask = self.model.sales[pick % len(self.model.sales)].ask
        said = self.run(self.shop.send(ask))
        assert (said.status, said.problem.code) == (409, "receipt_known")

    @invariant()
    def everything_is_proved(self) -> None:
        report = self.run(self.shop.proof())
        assert report.differences == [], report.differences

    @invariant()
    def identify_tells_what_the_model_knows(self) -> None:
        """Of one person after each step, of all at the end."""
        if self.model.people:
            self.is_told(self.model.people[self.count % len(self.model.people)])

    def is_told(self, person: Person) -> None:
        if person.seen:
            told, person = self.run(self.shop.balance(person.card)), person.own
            assert told.balance == person.balance == told.available + told.held - told.debt
            assert told.held == self.model.held(person)

    def teardown(self) -> None:
        """Bring everything back: nobody has won or lost a point, and the chain is whole."""
        for bought in self.model.sales:
            if any(bought.kept):
                bought.kept = [0] * len(bought.kept)
                self.came_back(bought, self.send(goods_back(bought.ask)))
        for person in self.model.people:
            self.is_told(person)
        assert all(each.balance == 0 for each in self.model.people if not each.mixed)
        assert sum(person.balance for person in self.model.people) == 0
        report = self.run(self.shop.proof(chain=True))
        assert report.differences == [], report.differences


def drive(
    dsn: str, examples: int, steps: int, machine: type[Machine] = Machine,
    program: dict[str, Any] = PROGRAM,
) -> None:  # fmt: skip
    """Run the machine over one database."""
    from hypothesis.stateful import run_state_machine_as_test

    wanted = settings(
        max_examples=examples, stateful_step_count=steps, deadline=None,
        suppress_health_check=list(HealthCheck), print_blob=True,
    )  # fmt: skip
    opened = shop.opened(dsn, program)
    with asyncio.Runner() as runner:
        Machine.runner, Machine.shop = runner, runner.run(opened.__aenter__())
        try:
            run_state_machine_as_test(machine, settings=wanted)
        finally:
            runner.run(opened.__aexit__(None, None, None))
