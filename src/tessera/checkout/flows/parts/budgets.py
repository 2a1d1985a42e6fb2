"""Budgets: what is left of them is told to each decision, what it gives is drawn, once, in time.

The counters are read without a lock and drawn on at the end, where PostgreSQL says whether that
would pass a ceiling; then all of the batch is settled again with the counters locked (`PASSED`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from tessera.base.wire import Rows
from tessera.budgets import core
from tessera.budgets import db as budgets_db
from tessera.budgets.core import GRACE, NOTHING, Kept, Key, Level, Place, Total, key_of
from tessera.checkout import db
from tessera.checkout.core.case import Promise, facts_again
from tessera.checkout.core.words import Cancel, Event
from tessera.checkout.flows.items import Batch, Item
from tessera.checkout.flows.parts import Part
from tessera.rules.core.budgets import Draw, Funding
from tessera.rules.core.words import Facts, Program, Story


class Budgets(Part):
    """{counter: what this batch does to it}; `kept`: {quote: what its promise keeps}."""

    order = 90  # whoever waits for a counter holds all else that he needs

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch)
        self.levels: dict[Key, Level] = {}
        self.asked: Rows | None = None
        self.kept: dict[UUID, list[Kept]] = {}
        self.ended: list[UUID] = []
        self.fresh: list[Kept] = []
        self.places: dict[UUID, Place | None] = {}
        self.found: dict[tuple[int, Place], dict[str, Key]] = {}
        self.days: dict[tuple[str, date, date, str], Total] = {}

    @classmethod
    def wanted(cls, batch: Batch) -> bool:
        """Some program of the batch has budgets."""
        return any(program.budgets for item in batch.open() for program in item.programs)

    async def lock(self, conn: db.Conn) -> None:
        """Nothing: counters are the last that anybody locks."""
        self.levels = self._levels()
        if self.levels and not self.batch.passed:
            self.asked = await budgets_db.ask(conn, list(self.levels), self.batch.now - GRACE)

    async def _lock(self, conn: db.Conn) -> None:
        """All that this batch may draw on: others were quicker once."""
        await budgets_db.open_counters(conn, self.levels)
        await budgets_db.lock(conn, self.levels)
        await budgets_db.end_overdue(conn, list(self.levels), self.batch.now - GRACE)
        for level in self.levels.values():
            level.locked = True

    def _levels(self) -> dict[Key, Level]:
        found = {}
        for item in self.batch.open():
            place = self.places[item.outcome_id] = place_of(item)
            if place is not None:
                for program in item.programs:
                    for code, key in self._keys(program, place).items():
                        if key not in found:
                            found[key] = Level(program.budgets[code])
        return found

    def _keys(self, program: Program, place: Place) -> Mapping[str, Key]:
        """{budget: its counter for a purchase there and then}, found once."""
        known = self.found.get((program.version, place))
        if known is None:
            known = self.found[program.version, place] = {
                code: key_of(code, budget, place) for code, budget in program.budgets.items()
            }
        return known

    async def know(self, conn: db.Conn) -> None:
        """The counters as they are, and what the promises of this batch keep of them."""
        known = set(self.levels) if self.asked is not None else set()
        await self._know_kept(conn)
        if self.levels and self.batch.passed:
            await self._lock(conn)
        found = {} if self.asked is None else await budgets_db.counts(self.asked)
        more = [key for key in self.levels if key not in known]
        if more:
            rows = await budgets_db.ask(conn, more, self.batch.now - GRACE)
            found |= await budgets_db.counts(rows)
        for key, count in found.items():
            self.levels[key].read(count)

    async def _know_kept(self, conn: db.Conn) -> None:
        promises = [
            item.case.promise for item in self.batch.open()
            if item.case is not None and item.case.promise is not None
        ]  # fmt: skip
        budgets = {
            promise.id: promise.program.budgets for promise in promises
            if promise.ended is None and promise.program is not None and promise.program.budgets
        }  # fmt: skip
        if not budgets:
            return
        for promise in promises:
            place = _place(promise.facts) if promise.facts is not None else None
            if promise.id in budgets and place is not None:
                assert promise.program is not None, "it has budgets"
                for code, key in self._keys(promise.program, place).items():
                    self.levels.setdefault(key, Level(budgets[promise.id][code]))
        for each in await budgets_db.kept_of(conn, list(budgets)):
            assert each.key in self.levels, "a promise keeps of its own program's budgets"
            self.kept.setdefault(each.quote_id, []).append(each)

    def tell(self, item: Item) -> None:
        """What is left for this item, where its facts are not those of a sale that comes back."""
        place = self.places.get(item.outcome_id)
        if item.case is None or item.sold is not None or place is None:
            return
        program, known = item.case.program, item.case.known
        own = self._own(item.case.promise)
        for code, key in self._keys(program, place).items():
            known.update(core.left_in(code, program.budgets[code], self.levels[key], own.get(key)))

    def _own(self, promise: Promise | None) -> Mapping[Key, Draw]:
        over = self.batch.now - GRACE
        kept = self.kept.get(promise.id, ()) if promise is not None else ()
        return {each.key: each.draw for each in kept if each.deadline > over}

    def take(self, item: Item) -> None:
        """Draw what is given, keep what is promised, let go what a promise kept."""
        decision, case = item.decision, item.case
        assert decision is not None and case is not None, "it is decided"
        promise = decision.promise
        if promise is not None and promise.ended is not None:
            self._let_go(promise)
        story = decision.story
        if isinstance(item.job.ask, Cancel) or story is None:
            return
        if item.sold is not None:
            facts = facts_again(item.sold.row, item.sold.first.facts)
            self._draw(item.sold.program, _place(facts), story, decision.before)
        elif promise is not None and promise.ended is None:
            self._keep(case.program, self.places.get(item.outcome_id), story, promise)
        elif promise is not None and promise.ended == "confirmed" and promise.facts is not None:
            self._draw(case.program, _place(promise.facts), story)
        else:
            self._draw(case.program, self.places.get(item.outcome_id), story)

    def _let_go(self, promise: Promise) -> None:
        for key, draw in self._own(promise).items():
            self.levels[key].release(draw)
        if self.kept.get(promise.id):
            self.ended.append(promise.id)

    def _keep(self, program: Program, place: Place | None, story: Story, promise: Promise) -> None:
        self._mark(program, place, story)
        for key, drawn in self._drawn(program, place, story).items():
            draw = _sum(drawn.values())
            self.levels[key].keep(draw)
            self.fresh.append(Kept(promise.id, key, draw, promise.deadline))

    def _draw(
        self, program: Program, place: Place | None, story: Story, before: Story | None = None
    ) -> None:
        if place is None or not program.budgets:
            return
        book, keys = program.plan.book, self._keys(program, place)
        assert book is not None, "it has budgets"
        drawn = book.drawn(story)
        if before is None:
            self._mark(program, place, story)
        else:
            for paid, had in book.drawn(before).items():
                drawn[paid] = drawn.get(paid, NOTHING).plus(had, -1)
        for (code, funding), more in drawn.items():
            if any(more):
                key = keys[code]
                self.levels[key].add(more)
                day = (code, key.began, place.day, funding)
                known = self.days.get(day)
                if known is None:
                    self.days[day] = Total(more)
                else:
                    known.add(more)
        gross = story.gross_minor - (before.gross_minor if before is not None else 0)
        for code, budget in program.budgets.items():
            if budget.turnover_percent_x100 is not None:
                self.levels[keys[code]].add(NOTHING, gross)

    def _drawn(
        self, program: Program, place: Place | None, story: Story
    ) -> dict[Key, dict[Funding, Draw]]:  # fmt: skip
        """{counter: {who pays: what a story draws on it}}."""
        book = program.plan.book
        found: dict[Key, dict[Funding, Draw]] = {}
        if book is None or place is None:
            return found
        keys = self._keys(program, place)
        for (code, funding), draw in book.drawn(story).items():
            found.setdefault(keys[code], {})[funding] = draw
        return found

    def _mark(self, program: Program, place: Place | None, story: Story) -> None:
        """Budgets that could not give all that was wished."""
        book = program.plan.book
        if book is not None and place is not None:
            for code in book.stopped(story):
                self.levels[self._keys(program, place)[code]].stopped = True

    async def draw(self, conn: db.Conn) -> None:
        """Let go, draw, keep; in the order of keys. Errors: `PASSED` by the commit."""
        changed = {key: level for key, level in sorted(self.levels.items()) if level.changed}
        begun = [key for key, level in changed.items() if not level.there and not level.locked]
        if begun:
            await budgets_db.open_counters(conn, begun)
        # A member's own are nobody else's while the account is locked: sweepers step aside.
        shared = {
            key for key, level in changed.items()
            if not level.locked and level.budget.by != "member"
        }  # fmt: skip
        shared |= {kept.key for id_ in self.ended for kept in self.kept[id_]}
        if shared:
            await budgets_db.lock(conn, shared)
        if self.ended:
            await budgets_db.end_kept(conn, self.ended)
        if changed:
            await budgets_db.draw(conn, changed, self.batch.now)
        if self.fresh:
            await budgets_db.add_kept(conn, self.fresh)
        if self.days:
            days = {day: total.draw for day, total in self.days.items()}
            await budgets_db.add_days(conn, days)


def place_of(item: Item) -> Place | None:
    """Where and when it is bought, and by whom; None: nobody's."""
    case, ask = item.case, item.job.ask
    if item.sold is not None:
        return _place(facts_again(item.sold.row, item.sold.first.facts))
    if case is None or case.owner is None or item.day is None:
        return None
    store = ask.store or "" if isinstance(ask, Event) else case.store.id
    return Place(item.day, store, case.store.region if store else "", case.owner.member_id.hex)


def _place(facts: Facts) -> Place | None:
    if facts.at is None or not facts.member:
        return None
    return Place(facts.at.date(), facts.store, facts.region, facts.who)


def _sum(draws: Iterable[Draw]) -> Draw:
    found = NOTHING
    for each in draws:
        found = found.plus(each)
    return found
