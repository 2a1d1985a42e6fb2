"""Whatever was bought, brought back and asked: what is looked up is what plain counting finds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.database import connect
from tessera.checkout.history import flows as history
from tessera.checkout.history.core.contents import changes, counted, named, of_event, of_receipt
from tessera.checkout.history.core.needs import LONG, asked, known
from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.facts import (
    Facts,
    Given,
    History,
    Measure,
    Need,
    period_start,
    window_start,
)
from tessera.rules.core.words import Program, Story
from tessera.warehouse.core import Line

READER = Reader(mechanics.shelf(), conditions.shelf())
READ = READER.read(
    {
        "name": "Law", "currency": "EUR",
        "rules": [
            {"id": "third", "mechanic": "every_nth_free", "product": "X", "n": 3},
            {"id": "over", "mechanic": "amount_off", "off_minor": 500, "from_minor": 2_000},
            {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 10,
             "caps": [{"per": "month", "most": 300}, {"per": "ever", "times": 9}]},
        ],
        "point_caps": [{"per": "week", "most": 200}],
        "discount_caps": [{"per": "year", "most": 5_000}],
    },
    1,
)  # fmt: skip
assert isinstance(READ, Program), READ
PROGRAM = READ
BEGIN = date(2023, 12, 20)
SKUS = frozenset("X")
NOTHING = Story((), (), 0, 0, 0, 0)
WINDOWS = (
    "ever", "this day", "this week", "this month", "this quarter", "this year", "1 days", "30 days",
    "2 weeks", "3 months", "1 years", "since 02-29", "since 12-01",
)  # fmt: skip
SCOPES = ("", "c:milk", "c:bread", "s:X", "s:Y", "e:survey")
MEASURES: tuple[Measure, ...] = (
    "receipts", "units", "minor", "days", "stores", "categories", "since", "weeks", "months"
)  # fmt: skip
NEEDS: list[Need] = [
    *(History(m, s, w) for m in MEASURES for s in SCOPES for w in WINDOWS),
    *(
        Given(rule, per, what)
        for rule in ("base", "third", "*points", "*discount")
        for per in ("day", "week", "month", "year", "ever", "30 days", "this quarter")
        for what in ("amount", "times")
    ),
]
LINES = st.lists(
    st.builds(
        Line, st.sampled_from("XYZ"), st.integers(1, 7), st.integers(1, 900),
        st.sampled_from(["piece", "g"]), category=st.sampled_from(["", "milk", "bread"]),
    ),
    min_size=1, max_size=4,
).map(tuple)  # fmt: skip


@dataclass
class Bought:
    """A receipt (or, without lines, a survey) and what is left of it."""

    day: date
    store: str
    lines: tuple[Line, ...]
    facts: Facts = field(default_factory=lambda: Facts(member=True))
    story: Story = NOTHING
    kept: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()

    def parts(self, scope):
        """(units, minor) of the lines of a scope of which something is left."""
        found = []
        for i, (line, units) in enumerate(zip(self.lines, self.kept, strict=True)):
            sort, _, name = scope.partition(":")
            if units and (not scope or name == (line.category if sort == "c" else line.sku)):
                off = sum(dict(e.lines).get(i + 1, 0) for e in self.story.effects
                          if e.kind == "discount")  # fmt: skip
                price = (2 * line.total() * units + line.quantity) // (2 * line.quantity)
                found.append((units if line.unit == "piece" else 1, price - off))
        return found

    def there(self, scope):
        """Whether it is one of the scope. Of the articles only X is counted."""
        if scope.startswith("e:") or not self.lines:
            return scope == "e:survey" and not self.lines
        return scope != "s:Y" and bool(self.parts(scope))


# Plain counting -----------------------------------------------------------------------------------


def counting(need, on, past):
    if isinstance(need, Given):
        return given_in(need, on, past)
    first = window_start(need.window, on) or date.min
    until = on
    if need.window == "ever" and need.measure not in ("since", "weeks", "months"):
        until = date.max  # what is posted counts, also what happened after an old receipt
    mine = [b for b in past if b.there(need.scope) and first <= b.day <= until]
    days = {b.day for b in mine}
    match need.measure:
        case "receipts":
            return len(mine)
        case "units":
            return sum(units for b in mine for units, _ in b.parts(need.scope))
        case "minor":
            return sum(minor for b in mine for _, minor in b.parts(need.scope))
        case "days":
            return len(days)
        case "stores":
            return len({b.store for b in mine})
        case "since":
            return (on - max(days)).days if days else None
        case "categories":
            return min(len(mine), 1) if need.scope else len(set().union(*map(categories, mine)))
        case _:
            number = week if need.measure == "weeks" else month
            return run({number(d) for d in days}, number(on))


def categories(bought):
    left = zip(bought.lines, bought.kept, strict=True)
    return {line.category for line, units in left if units and line.category}


def week(on):
    return (on.toordinal() - 1) // 7  # the first day of the calendar was a Monday


def month(on):
    return on.year * 12 + on.month


def run(periods, now):
    """How many numbers in a row end with this one, or with the one before it."""
    at = now if now in periods else now - 1
    length = 0
    while at - length in periods:
        length += 1
    return length


def given_in(need, on, past):
    """What a rule gave in the whole period of that day; in other windows, from their first day."""
    kinds = {"*points": "points", "*discount": "discount"}
    gave = []
    for b in past:
        calendar = need.per in ("day", "week", "month", "year", "this quarter")
        if calendar and period_start(need.per, b.day) != period_start(need.per, on):
            continue
        if not calendar and b.day < (period_start(need.per, on) or date.min):
            continue
        gave.append(
            sum(e.given for e in b.story.effects
                if e.rule == need.rule
                or (e.kind == kinds.get(need.rule) and e.rule != "*return"))
        )  # fmt: skip
    counted_here = need.rule != "third"  # it has no caps
    amounts = [amount for amount in gave if amount and counted_here]
    return len(amounts) if need.what == "times" else sum(amounts)


# The same through the tables ----------------------------------------------------------------------


class Account:
    """One account in our database, posted to as the writer does it."""

    def __init__(self, conn, long):
        self.conn, self.long, self.id, self.past = conn, long, UUID(int=1), []

    async def look(self, needs, on, today=None):
        question = asked(needs, on)
        found = await history.look_up(self.conn, [(self.id, question)])
        if today is not None:
            await history.mark(self.conn, [(self.id, question)], found, today, self.long)
        return known(question, self.id, found)

    async def buy(self, day, store, lines, today):
        facts = Facts(member=True, at=None, known=await self.look(PROGRAM.plan.needs, day, today))
        story = settle(lines, facts, PROGRAM)
        after = of_receipt(lines, story, None, SKUS, PROGRAM.plan.capped)
        kept = tuple(line.quantity for line in lines)
        self.past.append(Bought(day, store, lines, facts, story, kept, counted(after)))
        await history.write(self.conn, changes(self.id, day, store, after), today)

    async def answer(self, day, today):
        after = of_event("survey", NOTHING, PROGRAM.plan.capped)
        self.past.append(Bought(day, "S1", ()))
        await history.write(self.conn, changes(self.id, day, "S1", after), today)

    async def bring_back(self, which, kept, today):
        b = self.past[which]
        after = settle_kept(b.lines, b.facts, PROGRAM, kept, b.story)
        was = of_receipt(b.lines, b.story, b.kept, named("s:", b.counted), named("g:", b.counted))
        now = of_receipt(b.lines, after, kept, named("s:", b.counted), PROGRAM.plan.capped)
        b.story, b.kept, b.counted = after, kept, counted(now)
        await history.write(self.conn, changes(self.id, b.day, b.store, now, was), today)

    async def rows(self):
        rows = await self.conn.execute(
            "SELECT scope, times, units, amount FROM checkout.history_day ORDER BY scope"
        )
        return await rows.fetchall()


STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),  # days since the step before
        st.one_of(st.just(0), st.integers(0, 5), st.integers(0, 90)),  # days late
        st.sampled_from(["S1", "S2", "S3"]),
        st.one_of(LINES, LINES, st.none(), st.integers(0, 50)),
    ),
    max_size=25,
)


async def play(account, steps, chance):
    """Buy lines, answer a survey (None), or bring part of the n-th receipt back."""
    today = BEGIN
    for apart, late, store, what in steps:
        today += timedelta(days=apart)
        day = today - timedelta(days=late)
        if what is None:
            await account.answer(day, today)
        elif isinstance(what, tuple):
            await account.buy(day, store, what, today)
        elif account.past:
            at = what % len(account.past)
            kept = tuple(chance.randint(0, units) for units in account.past[at].kept)
            if kept != account.past[at].kept:
                await account.bring_back(at, kept, today)
        on = today - timedelta(days=chance.choice([0, 0, 1, 40]))
        told = await account.look(NEEDS, on, today)
        assert told == {
            need.key: value
            for need in NEEDS
            if (value := counting(need, on, account.past)) is not None
        }, (on, what)
    return today


def lawful(dsn, law, **strategies):
    """Play a law over one database, each example in a transaction that is rolled back."""
    with asyncio.Runner() as runner:
        conn = runner.run(connect(dsn))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
        @given(**strategies)
        def examples(**drawn):
            try:
                runner.run(law(conn, **drawn))
            finally:
                runner.run(conn.rollback())

        examples()
        runner.run(conn.close())


def test_what_is_looked_up_is_what_plain_counting_finds(dsn):
    async def law(conn, steps, chance, long):
        await play(Account(conn, long), steps, chance)

    lawful(dsn, law, steps=STEPS, chance=st.randoms(use_true_random=False),
           long=st.sampled_from([0, 1, 3, LONG]))  # fmt: skip


def test_buying_and_returning_everything_leaves_no_history(dsn):
    async def law(conn, steps, chance):
        account = Account(conn, 2)
        today = await play(account, steps, chance)
        for at, bought in enumerate(account.past):
            if any(bought.kept):
                await account.bring_back(at, (0,) * len(bought.kept), today)
        left = [row for row in await account.rows() if any(row[1:])]
        assert all(row[0] == "e:survey" for row in left)
        assert len(left) <= sum(not bought.lines for bought in account.past)

    lawful(dsn, law, steps=STEPS, chance=st.randoms(use_true_random=False))


def test_runs_end_with_the_first_period_without_a_purchase(dsn):
    months, weeks = History("months"), History("weeks")
    bought = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 31), date(2024, 3, 1)]
    told = {
        date(2024, 1, 1): (2, 2),
        date(2024, 1, 31): (2, 1),
        date(2024, 2, 29): (2, 0),  # February may still get its purchase
        date(2024, 3, 1): (1, 1),  # it did not
        date(2024, 3, 10): (1, 1),
        date(2024, 3, 11): (1, 0),
        date(2024, 5, 1): (0, 0),
    }

    async def play():
        conn = await connect(dsn)
        account = Account(conn, LONG)
        for day in bought:
            await account.buy(day, "S1", (Line("Z", 1, 1),), day)
        for on, (m, w) in told.items():
            found = await account.look([months, weeks], on)
            assert (found[months.key], found[weeks.key]) == (m, w), on
        await conn.close()

    asyncio.run(play())
