"""Levels: decisions know them, purchases bring members up, returns take climbs back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from msgspec.structs import replace

from tessera.checkout import db
from tessera.checkout.core.case import facts_of
from tessera.checkout.core.words import Event, Quote, TierTold
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.checkout.history.core.contents import Change as Day
from tessera.checkout.levels import db as levels_db
from tessera.checkout.levels import flows as levels
from tessera.checkout.levels.db import Wanted
from tessera.rules.core.basket import Basket
from tessera.rules.core.facts import Missing
from tessera.rules.core.texts import say_in
from tessera.rules.core.tiers import Ladder, Level, Span
from tessera.tiers import core
from tessera.tiers import db as tiers_db
from tessera.tiers.core import Change, Climb, Standing
from tessera.warehouse.core import Receipt, Return


class Tiers(Part):
    """Where the accounts of the batch stand, and what counts for each of their operations."""

    order = 30

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.today = batch.now.date()
        # By operation: a promise that is kept brings its own program, which knows other ladders.
        self.ladders: dict[UUID, dict[str, Ladder]] = {}
        self.standing: dict[tiers_db.Key, Standing] = {}
        self.climbs: dict[tiers_db.Key, list[Climb]] = {}
        self.levels: dict[tuple[UUID, str, date], str | None] = {}
        self.amounts: dict[tuple[UUID, str, Span], int] = {}
        self.changed: dict[tiers_db.Key, Standing] = {}
        self.changes: list[Change] = []

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """Somebody's operation under a program with ladders."""
        return any(_concerned(batch.open()))

    async def know(self, conn: db.Conn) -> None:
        """Standings, what is due among them reviewed first; then what counts."""
        items = list(_concerned(self.batch.open()))
        if not items:
            return
        accounts = sorted({_account(item) for item in items})
        self.ladders = {item.outcome_id: _ladders(item) for item in items}
        ladders = {code: each for mine in self.ladders.values() for code, each in mine.items()}
        found = await levels.stand(conn, ladders, accounts, self.today, self.batch.now)
        self.standing = {
            (account, code): each for account, mine in found.items() for code, each in mine.items()
        }
        returning = [_account(item) for item in items if isinstance(item.job.ask, Return)]
        if returning:
            self.climbs = await tiers_db.climbs(conn, returning)
        await self._know_levels(conn, items)
        asked = {
            each: self.ladders[item.outcome_id][each[1]]
            for item in items
            for each in self._asked(item)
        }
        wanted = [Wanted(account, ladder, span) for (account, _, span), ladder in asked.items()]
        self.amounts = dict(zip(asked, await levels_db.amounts(conn, wanted), strict=True))

    async def _know_levels(self, conn: db.Conn, items: list[Item]) -> None:
        """On which level who bought or did something stood on that day."""
        asked = [
            (_account(item), code, item.day, self.standing.get((_account(item), code)))
            for item in items
            if item.day is not None
            for code in _ladders(item)
        ]
        found = await levels.levels_on(conn, asked) if asked else []
        self.levels = {each[:3]: level for each, level in zip(asked, found, strict=True)}

    def _asked(self, item: Item) -> Iterator[tuple[UUID, str, Span]]:
        """What has to be looked up for an item: before it, nothing of it is written yet."""
        account = _account(item)
        if isinstance(item.job.ask, Quote):
            return
        for code, ladder in _ladders(item).items():
            if item.day is not None:
                yield account, code, ladder.counted(item.day, self.today)
            for climb in self.climbs.get((account, code), ()):
                for span in levels.spans_of(ladder, climb, self.today):
                    yield account, code, span

    def tell(self, item: Item) -> None:
        """The levels of the day of the purchase."""
        ladders = self.ladders.get(item.outcome_id)
        if item.case is None or item.day is None or ladders is None:
            return
        account, day = _account(item), item.day
        mine = {code: self.levels[account, code, day] for code in ladders}
        item.case.known = {**item.case.known, **levels.facts_of(ladders, mine)}

    def take(self, item: Item) -> None:
        """A purchase or an event may bring up, a return may take back."""
        if isinstance(item.job.ask, Quote):
            return
        told: list[TierTold] = []
        for code, ladder in self.ladders.get(item.outcome_id, {}).items():
            back = isinstance(item.job.ask, Return)
            move = self._undo(item, code, ladder) if back else self._rise(item, code, ladder)
            if move is not None:
                told.append(move)
        if told:
            _tell(item, tuple(told))

    def _rise(self, item: Item, code: str, ladder: Ladder) -> TierTold | None:
        account, day, decision = _account(item), item.day, item.decision
        assert day is not None and decision is not None, "it is a purchase or an event"
        span, was = ladder.counted(day, self.today), self.standing.get((account, code))
        amount = self.amounts[account, code, span] + _own(account, ladder, span, decision.history)
        now = core.climb(ladder, was, amount, (day, self.today), lambda each: _holds(item, each))
        if now is None:
            return None
        source = was.level if was is not None else ladder.code(ladder.ground)
        self._note(item, Change(account, code, source, now.level, day, "earned", was), now)
        return _told(code, ladder, source, now)

    def _undo(self, item: Item, code: str, ladder: Ladder) -> TierTold | None:
        """Climbs that what is left does not carry."""
        account, decision = _account(item), item.decision
        before = self.standing.get((account, code))
        assert decision is not None, "it is decided"
        if before is None:
            return None

        def left(climb: Climb) -> list[int]:
            return [
                self.amounts[account, code, span] + _own(account, ladder, span, decision.history)
                for span in levels.spans_of(ladder, climb, self.today)
            ]

        climbs = self.climbs.get((account, code), ())
        undone = core.undone(ladder, before, climbs, left)
        for each in undone:
            self._note(item, levels.returned(account, code, each, self.today), each.after)
        return _told(code, ladder, before.level, undone[-1].after) if undone else None

    def _note(self, item: Item, change: Change, now: Standing) -> None:
        self.changes.append(change._replace(outcome_id=item.outcome_id))
        key = (change.account_id, change.ladder)
        self.standing[key] = self.changed[key] = now

    async def write(self, conn: db.Conn) -> None:
        """The standings that changed, and how."""
        if self.changed:
            await tiers_db.save(conn, self.changed)
            await tiers_db.add_changes(conn, self.changes, self.batch.now)


def _concerned(items: list[Item]) -> Iterator[Item]:
    return (item for item in items if _is_concerned(item))


def _is_concerned(item: Item) -> bool:
    """Whether it is an operation of somebody, under a program with ladders."""
    if item.account_id is None or item.case is None or not item.case.program.tiers:
        return False
    if isinstance(item.job.ask, Return):
        return item.sold is not None
    return isinstance(item.job.ask, Receipt | Event | Quote)


def _account(item: Item) -> UUID:
    assert item.account_id is not None, "it is somebody's"
    return item.account_id


def _ladders(item: Item) -> dict[str, Ladder]:
    assert item.case is not None, "resolved items have a case"
    return item.case.program.tiers


def _own(account: UUID, ladder: Ladder, span: Span, days: Sequence[Day]) -> int:
    """What the operation itself adds to the days that count, or takes away."""
    more = [
        each.more
        for each in days
        if each.account_id == account and each.scope == ladder.scope
        and span.first <= each.day <= span.last
    ]  # fmt: skip
    return sum(each.times if ladder.counts == "receipts" else each.amount for each in more)


def _holds(item: Item, level: Level) -> bool:
    """Whether a level's condition does, at this purchase."""
    case, ask = item.case, item.job.ask
    if case is None or level.when is None or not isinstance(ask, Receipt):
        return level.when is None
    basket = Basket(ask.lines, None, case.program)
    return not isinstance(level.when.reading()(basket, facts_of(case, ask)), Missing)


def _told(code: str, ladder: Ladder, source: str, now: Standing) -> TierTold:
    """The move as the till tells it."""
    rank = ladder.rank(now.level)
    name = ladder.levels[rank].name if rank >= 0 else ""
    up = rank > ladder.rank(source)
    return TierTold(code, ladder.name or code, now.level, name or now.level, source, now.until, up)


def _tell(item: Item, told: tuple[TierTold, ...]) -> None:
    case, decision = item.case, item.decision
    assert case is not None and decision is not None, "it is decided"
    said = tuple(
        say_in(
            case.tongue, UP if each.up else DOWN if each.level else GONE,
            {"level": each.name, "ladder": each.title}, case.program.currency,
        )
        for each in told
    )  # fmt: skip
    answer = decision.answer
    decision.answer = replace(
        answer, tiers=told, screen=(*answer.screen, *said), slip=(*answer.slip, *said)
    )


UP = "new level: {level}"
DOWN = "back on the level {level}"
GONE = "no level of {ladder} any more"
