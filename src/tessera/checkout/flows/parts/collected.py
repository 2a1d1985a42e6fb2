"""Whether an order that an event speaks of was kept whole, for rules that give for that, once.

The account is locked, so no return of it is under way; what is read is as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from tessera.checkout import db
from tessera.checkout.core.case import Case
from tessera.checkout.core.words import Event
from tessera.checkout.events import db as events_db
from tessera.checkout.events.db import Order
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.kin import accounts_of
from tessera.checkout.flows.parts import Part
from tessera.rules.core.facts import Moment

Asked = tuple[UUID, str, str]  # account, what the event names, its store or ""


class Collected(Part):
    """{operation: {rule: the order that it names}}, and what is given for which."""

    order = 45

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.orders: dict[UUID, dict[str, Order]] = {}
        self.given: list[tuple[UUID, str, UUID]] = []

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """An event about an order."""
        return any(True for item in batch.open() for _ in _named(item))

    async def know(self, conn: db.Conn) -> None:
        """Look the orders up, each in the accounts that are the member's."""
        items = [item for item in self.batch.open() if any(_named(item))]
        whose = await accounts_of(conn, [_case(item) for item in items])
        asked: list[Asked] = []
        about: list[tuple[UUID, str, Asked]] = []
        for item in items:
            assert isinstance(item.job.ask, Event) and item.account_id is not None
            for rule, word in _named(item):
                for account in whose[item.account_id]:
                    one = (account, word, item.job.ask.store or "")
                    asked.append(one)
                    about.append((item.outcome_id, rule, one))
        found = await events_db.kept(conn, list(dict.fromkeys(asked)))
        for outcome, rule, (account, word, _) in about:
            order = found.get((account, word))
            if order is not None:
                self.orders.setdefault(outcome, {})[rule] = order

    def tell(self, item: Item) -> None:
        """1 or 0 each, and days; nothing where the member has no such order."""
        known = {
            key: value
            for rule, order in self.orders.get(item.outcome_id, {}).items()
            for key, value in (
                (Moment("whole", rule).key, int(order.whole)),
                (Moment("had", rule).key, int(rule in order.had)),
                (Moment("age", rule).key, max((self.batch.now - order.happened_at).days, 0)),
            )
        }
        if known:
            case = _case(item)
            case.known = {**case.known, **known}

    def take(self, item: Item) -> None:
        """A rule that gave something has given it for this order."""
        story = item.decision.story if item.decision is not None else None
        orders = self.orders.get(item.outcome_id, {})
        if story is not None and orders:
            gave = {effect.rule for effect in story.effects if effect.given > 0}
            self.given += [
                (order.id, rule, item.outcome_id) for rule, order in orders.items() if rule in gave
            ]

    async def write(self, conn: db.Conn) -> None:
        """Which orders had whose prize."""
        if self.given:
            await events_db.add_prizes(conn, self.given)


def _named(item: Item) -> Iterator[tuple[str, str]]:
    """(rule, the receipt's number or id in the event) of the rules that ask."""
    case, ask = item.case, item.job.ask
    if case is None or item.account_id is None or not isinstance(ask, Event):
        return
    for rule in case.program.rules:
        if any(isinstance(need, Moment) and need.word == "whole" for need in rule.needs()):
            word = ask.data.get(str(getattr(rule, "field", "")))
            if isinstance(word, str) and getattr(rule, "type", "") == ask.type:
                yield rule.id, word


def _case(item: Item) -> Case:
    assert item.case is not None, "open items have a case"
    return item.case
