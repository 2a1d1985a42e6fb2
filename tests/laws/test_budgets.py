"""No order of purchases and returns passes a ceiling; all back is nothing drawn."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from support.directory import READER
from tessera.budgets.core import (
    Forecast,
    Key,
    Level,
    Place,
    Spent,
    began,
    ends,
    facts_of,
    forecast,
    key_of,
    rooms,
    share_x100,
    soonest,
)
from tessera.doors.console.areas.budgets.telling import left
from tessera.doors.language.local import local
from tessera.doors.till.budgets import BudgetCeiling
from tessera.rules.core.budgets import Budget, Draw, Purses
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.facts import Facts
from tessera.rules.core.words import Program, Story, Wish
from tessera.warehouse.core import Line

RULES: tuple[dict[str, Any], ...] = (
    {"mechanic": "base_rate", "points": 3, "per_minor": 100},
    {"mechanic": "percent_off", "percent": 15, "campaign": "spring"},
    {"mechanic": "sum_threshold", "from_minor": 2000, "prize": {"gift": "MUG", "count": 2}},
    {"mechanic": "sum_threshold", "from_minor": 3000, "prize": {"off_minor": 700}},
    {"mechanic": "fixed_points", "points": 40, "per": "unit", "campaign": "spring"},
    {"mechanic": "multiplier", "times_x100": 300, "hidden": True},
)
AT = datetime.fromisoformat("2026-02-07T10:30")
PLACE = Place(AT.date(), "S1", "north", "anna")


@st.composite
def budgets(draw: DrawFn) -> dict[str, Any]:
    """A budget with one ceiling or several."""
    most = {
        "most_minor": st.integers(1, 5000), "most_points": st.integers(1, 2000),
        "most_pieces": st.integers(1, 9), "turnover_percent_x100": st.integers(1, 2500),
    }  # fmt: skip
    names = draw(st.sets(st.sampled_from(sorted(most)), min_size=1))
    whom = draw(st.sampled_from([{}, {"campaigns": ["spring"]}, {"items": ["MUG"]},
                                 {"rules": ["r0", "r3"]}]))  # fmt: skip
    return {name: draw(most[name]) for name in sorted(names)} | whom


@st.composite
def programs(draw: DrawFn) -> Program:
    """Rules in some order under three budgets."""
    rules = draw(st.permutations(RULES))[: draw(st.integers(1, len(RULES)))]
    body: dict[str, Any] = {
        "name": "Any", "currency": "EUR", "costs": {"MUG": draw(st.integers(0, 400))},
        "point_minor_x100": draw(st.sampled_from([0, 33, 100])),
        "rules": [{"id": f"r{n}"} | rule for n, rule in enumerate(rules)]
        + [{"id": "r0x", "mechanic": "base_rate", "points": 1, "per_minor": 100,
            "campaign": "spring"}],
        "budgets": {f"b{n}": draw(budgets()) for n in range(3)},
    }  # fmt: skip
    for budget in body["budgets"].values():
        if "rules" in budget:
            budget["rules"] = ["r0"]
    program, faults = READER.examine(body, 1)
    assert program is not None, faults
    return program


class Counters:
    """What a till's batches do to counters, one receipt after the other."""

    def __init__(self, program: Program) -> None:
        self.program = program
        assert program.plan.book is not None
        self.book = program.plan.book
        self.levels = {code: Level(budget) for code, budget in program.budgets.items()}

    def key(self, code: str) -> Key:
        return key_of(code, self.program.budgets[code], PLACE)

    def facts(self) -> Facts:
        levels = {self.key(code): level for code, level in self.levels.items()}
        known = dict(facts_of(self.program.budgets, levels, PLACE, {}))
        return Facts(True, True, 0, None, at=AT, store="S1", who="anna", known=known)

    def add(self, story: Story, before: Story | None = None) -> None:
        for sign, each in ((1, story), (-1, before)):
            if each is None:
                continue
            for (code, _), drawn in self.book.drawn(each).items():
                self.levels[code].add(Draw().plus(drawn, sign))
            for level in self.levels.values():
                level.add(Draw(), sign * each.gross_minor)

    def assert_kept(self) -> None:
        for code, level in self.levels.items():
            drawn, budget = level.total, level.budget
            for most, used in (
                (budget.most_minor and budget.most_minor * 100, drawn.cost_x100),
                (budget.most_points, drawn.points), (budget.most_pieces, drawn.pieces),
            ):  # fmt: skip
                assert most is None or used <= most, (code, budget, drawn)


lines = st.lists(
    st.tuples(st.sampled_from(["LATTE", "MUG", "SOFA"]), st.integers(1, 4), st.integers(1, 3000)),
    min_size=1, max_size=4,
).map(lambda found: tuple(Line(*each) for each in found))  # fmt: skip


@given(program=programs(), bought=st.lists(lines, min_size=1, max_size=8), data=st.data())
def test_no_order_passes_a_ceiling_and_all_back_is_nothing(program, bought, data):
    counters = Counters(program)
    sold: list[tuple[tuple[Line, ...], Facts, Story]] = []
    for each in bought:
        facts = counters.facts()
        story = settle(each, facts, program)
        shares = {
            code: level.budget.turnover_percent_x100
            for code, level in counters.levels.items()
            if level.budget.turnover_percent_x100 is not None
        }
        before = {code: counters.levels[code].total for code in shares}
        counters.add(story)
        counters.assert_kept()
        for code, percent in shares.items():
            level = counters.levels[code]
            cost = level.total.cost_x100
            assert cost == before[code].cost_x100 or cost * 100 <= percent * level.turnover
        sold.append((each, facts, story))
    for each, facts, story in data.draw(st.permutations(sold)):
        half = [line.quantity // 2 for line in each]
        kept = settle_kept(each, facts, program, half, story)
        counters.add(kept, story)
        nothing = settle_kept(each, facts, program, [0] * len(each), kept)
        counters.add(nothing, kept)
    for level in counters.levels.values():
        assert level.total == Draw() and level.turnover == 0


@given(program=programs(), each=lines)
def test_everything_kept_draws_what_the_sale_drew(program, each):
    counters = Counters(program)
    facts = counters.facts()
    story = settle(each, facts, program)
    kept = settle_kept(each, facts, program, [line.quantity for line in each], story)
    assert counters.book.drawn(kept) == counters.book.drawn(story)


@given(
    per=st.sampled_from(["day", "week", "month", "quarter", "year", "ever"]),
    day=st.dates(date(1971, 1, 1), date(2200, 1, 1)),
)
def test_a_period_holds_its_day_and_the_next_one_begins_after_it(per, day):
    budget = Budget(per=per, most_points=1)
    first, last = began(budget, day), ends(budget, began(budget, day))
    assert first <= day
    if last is None:
        assert per == "ever"
        return
    assert day <= last
    assert began(budget, last) == first and began(budget, last + timedelta(days=1)) > last


@given(place=st.sampled_from(["all", "store", "region", "member"]))
def test_each_has_a_counter_of_its_own(place):
    scope = {"all": "", "store": "S1", "region": "north", "member": "anna"}[place]
    budget = Budget(by=place, per="ever", most_points=1)
    assert key_of("x", budget, PLACE) == ("x", date.min, scope)


@given(
    amounts=st.lists(st.integers(-50, 1000), min_size=3, max_size=14), left=st.integers(0, 10**6)
)
def test_a_forecast_is_in_its_interval(amounts, left):
    today = date(2026, 5, 20)
    start = today - timedelta(days=len(amounts))
    spent = [Spent(start + timedelta(days=n), amount) for n, amount in enumerate(amounts)]
    made = forecast(spent, left, today, start)
    assert made is not None and made.days == len(amounts)
    told: Mapping[str, date | None] = {
        "earliest": made.earliest, "on": made.on, "latest": made.latest
    }  # fmt: skip
    found = [day or date.max for day in told.values()]
    assert found == sorted(found)
    if made.on is not None and len(set(amounts)) == 1:
        assert made.earliest == made.on == made.latest
        assert left == 0 or (made.on - today).days == left // amounts[0]


def test_a_forecast_wants_three_days():
    today = date(2026, 5, 20)
    assert forecast([], 100, today, today - timedelta(days=2)) is None
    steady = [Spent(today - timedelta(days=n), 10) for n in (1, 2, 3)]
    made = forecast(steady, 100, today, today - timedelta(days=3))
    assert made is not None and made.on == today + timedelta(days=10)


MOST = st.none() | st.integers(1, 5000)


@given(
    most=st.tuples(MOST, MOST, MOST, st.none() | st.integers(1, 10_000)).filter(any),
    drawn=st.builds(Draw, st.integers(0, 10**6), st.integers(0, 9999), st.integers(0, 9999)),
    turnover=st.integers(0, 10**6),
)
def test_what_is_left_and_used_agree(most, drawn, turnover):
    """Of each ceiling, and the tightest one says how much of the budget is used."""
    budget = Budget(most_minor=most[0], most_points=most[1], most_pieces=most[2],
                    turnover_percent_x100=most[3])  # fmt: skip
    found = rooms(budget, drawn, turnover)
    assert {each.ceiling for each in found} == {
        name for name in ("most_minor", "most_points", "most_pieces", "turnover_percent_x100")
        if getattr(budget, name) is not None
    }  # fmt: skip
    shares = [each.share_x100 for each in found]
    assert shares == sorted(shares, reverse=True)
    assert found[0].share_x100 == share_x100(budget, drawn, turnover)
    for each in found:
        if each.ceiling != "turnover_percent_x100":
            assert (each.left <= 0) == (each.share_x100 >= 10_000)


def test_of_several_ceilings_each_says_what_it_leaves():
    budget = Budget(most_minor=100, most_points=1000)
    assert rooms(budget, Draw(9_000, 1000), 0) == [
        ("most_points", "points", 0, 10_000), ("most_minor", "cost_x100", 1_000, 9_000)
    ]  # fmt: skip
    share = Budget(turnover_percent_x100=300)
    assert [each.left for each in rooms(share, Draw(1_000), 1_000)] == [2_000]
    assert share_x100(share, Draw(3_000), 1_000) == 10_000


def test_what_is_left_is_told_of_each_measure():
    points = BudgetCeiling("most_points", "points", 0, 10_000, None)
    money = BudgetCeiling("most_minor", "cost_x100", 99_950_099, 5, None)
    share = BudgetCeiling("turnover_percent_x100", "cost_x100", 10_000, 4, None)
    assert left([points, money], "EUR", local("en")) == "0 points and €9,995.00"
    assert left([money, share], "EUR", local("en")) == "€1.00", "the tighter one holds"
    assert (
        left([BudgetCeiling("most_pieces", "pieces", None, None, None)], "EUR", local("en")) is None
    )


def test_the_ceiling_that_is_reached_first_tells_until_when():
    late, soon, never = date(2026, 6, 1), date(2026, 5, 2), None
    made = [Forecast(1, 3, day, day, day) for day in (never, late, soon)]
    found = soonest([None, *made])
    assert found is not None and found.on == soon
    assert soonest([None]) is None


def test_a_budget_of_points_does_not_mind_what_a_gift_costs():
    """Ten billion pieces of the dearest gift: only points have a ceiling."""
    body = {
        "name": "Dear", "currency": "EUR", "costs": {"YACHT": 10**12},
        "rules": [{"id": "gift", "mechanic": "sum_threshold", "from_minor": 1,
                   "prize": {"gift": "YACHT"}}],
        "budgets": {"points": {"most_points": 1}},
    }  # fmt: skip
    program, faults = READER.examine(body, 1)
    assert program is not None and program.plan.book is not None, faults
    purses = Purses(program.plan.book, {}, 100)
    (rule,) = program.rules
    assert purses.left(rule, Wish("gift", 10**10, (), "", "", item="YACHT")).most >= 10**10
