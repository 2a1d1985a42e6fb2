"""Budgets over HTTP: what is drawn on each, what is left, until when it lasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.budgets import core, db
from tessera.budgets.core import EVER, Forecast, Spent
from tessera.doors.call import Call, Operation
from tessera.rules.core.budgets import Budget, Draw

SCOPES, SHARE = 100, "turnover_percent_x100"
_EMPTY = db.Sum(Draw(), 0, Draw(), 0, 0, None, None)


class BudgetState(Struct, frozen=True):
    """A budget in the period that a day lies in.

    budget      its ceilings, as the program has them
    began, ends  first and last day of the period; null: it has none
    cost_x100   drawn, in hundredths of a minor unit, with `points` and `pieces`, all together
    kept_...    of promises that have not ended, besides
    turnover_minor  where the ceiling is a share of it
    share_x100  hundredths of a percent of the nearest ceiling; null where each scope has its own
    scopes      so many stores, regions or members have drawn; used_up: of so many nothing is left
    used_up_at  since when, of the first one; warned_at: since when it comes near
    """

    code: str
    name: str
    budget: Budget
    began: date | None
    ends: date | None
    cost_x100: int
    points: int
    pieces: int
    kept_cost_x100: int
    kept_points: int
    kept_pieces: int
    turnover_minor: int
    share_x100: int | None
    scopes: int
    used_up: int
    used_up_at: datetime | None
    warned_at: datetime | None


class BudgetList(Struct, frozen=True):
    """The budgets of the program that decides now, as of a day."""

    currency: str
    on: date
    items: tuple[BudgetState, ...]


class BudgetDay(Struct, frozen=True):
    """What was drawn on a day of purchases, less what came back, of what one payer pays for."""

    day: date
    funding: str
    cost_x100: int
    points: int
    pieces: int


class BudgetScope(Struct, frozen=True):
    """What one store or region has drawn."""

    scope: str
    cost_x100: int
    points: int
    pieces: int
    share_x100: int
    used_up_at: datetime | None


class BudgetCeiling(Struct, frozen=True):
    """One ceiling of a budget.

    ceiling   its name in the budget; measure: `cost_x100`, `points` or `pieces`
    left      in that measure; null, with `share_x100`, where each scope has its own
    forecast  null for a share of the turnover, and where the budget has none
    """

    ceiling: str
    measure: core.Measure
    left: int | None
    share_x100: int | None
    forecast: Forecast | None


class BudgetView(Struct, frozen=True):
    """One budget in one period.

    measure   of the tightest ceiling, which `left` and the burn-down are about: `cost_x100`,
              `points` or `pieces`
    left      of that ceiling; null where each scope has its own
    paid      by who pays: {funding: cost_x100}
    scopes    those that have drawn most; none of members: what they get is theirs
    forecast  of the ceiling that is reached first; null for a period that is over, for scopes, and
              before there are three days
    ceilings  each that it has, the tightest first
    """

    currency: str
    on: date
    state: BudgetState
    measure: str
    left: int | None
    paid: dict[str, int]
    days: tuple[BudgetDay, ...]
    scopes: tuple[BudgetScope, ...]
    forecast: Forecast | None
    ceilings: tuple[BudgetCeiling, ...]


async def list_budgets(call: Call) -> BudgetList | Refusal:
    """GET /v1/budgets"""
    on = _on(call)
    if isinstance(on, Refusal):
        return on
    budgets, currency = _budgets(call)
    return BudgetList(currency, on, tuple(await _states(call, budgets, on)))


async def read_budget(call: Call) -> BudgetView | Refusal:
    """GET /v1/budgets/{code}"""
    on = _on(call)
    if isinstance(on, Refusal):
        return on
    budgets, currency = _budgets(call)
    code = call.path["code"]
    budget = budgets.get(code)
    if budget is None:
        return Refusal("budget_unknown", "code", "the program has no such budget",
                       "look it up in the list of budgets")  # fmt: skip
    period = core.period(budget, on)
    state = (await _states(call, {code: budget}, on))[0]
    days = await db.days(call.conn, code, period.began)
    paid: dict[str, int] = {}
    for day in days:
        paid[day.funding] = paid.get(day.funding, 0) + day.draw.cost_x100
    told = tuple([BudgetDay(day.day, day.funding, *day.draw) for day in days])
    assert call.house is not None
    ceilings = ceilings_of(state, told, call.house.today(call.now))
    return BudgetView(
        currency, on, state, ceilings[0].measure, ceilings[0].left, paid, told,
        await _scopes(call, code, budget, period),
        core.soonest([each.forecast for each in ceilings]), ceilings,
    )  # fmt: skip


def _budgets(call: Call) -> tuple[Mapping[str, Budget], str]:
    assert call.house is not None
    program = call.house.shop().program
    return program.budgets, program.currency


def _on(call: Call) -> date | Refusal:
    assert call.house is not None
    word = call.query.get("on")
    if word is None:
        return call.house.today(call.now)
    try:
        on = date.fromisoformat(word)
    except ValueError:
        on = date.min
    if not 1970 <= on.year < 9998:
        return Refusal("query_invalid", "on", f"{word[:40]!r} is no day", "write it as 2026-01-31")
    return on


async def _states(
    call: Call, budgets: Mapping[str, Budget], on: date
) -> list[BudgetState]:  # fmt: skip
    periods = {code: core.period(budget, on) for code, budget in budgets.items()}
    sums = await db.sums(call.conn, periods) if periods else {}
    return [
        _state(code, budget, periods[code].began, sums.get(code, _EMPTY))
        for code, budget in budgets.items()
    ]


def _state(code: str, budget: Budget, began: date, found: db.Sum) -> BudgetState:
    share = None
    if budget.by == "all":
        drawn = found.draw.plus(found.kept)
        share = core.share_x100(budget, drawn, found.turnover_minor)
    return BudgetState(
        code, budget.name or code, budget, None if began == EVER else began,
        core.ends(budget, began), *found.draw, *found.kept, found.turnover_minor, share,
        found.scopes, found.used_up, found.used_up_at, found.warned_at,
    )  # fmt: skip


def ceilings_of(
    state: BudgetState, days: Sequence[BudgetDay], today: date
) -> tuple[BudgetCeiling, ...]:  # fmt: skip
    """What each ceiling of a budget leaves, and until when; the tightest first.

    shape  at least one: the program's budgets limit something
    """
    drawn = Draw(state.cost_x100, state.points, state.pieces).plus(
        Draw(state.kept_cost_x100, state.kept_points, state.kept_pieces)
    )
    if state.budget.by != "all":
        none = core.rooms(state.budget, Draw(), 0)
        return tuple([BudgetCeiling(each.ceiling, each.measure, None, None, None) for each in none])
    return tuple([
        BudgetCeiling(
            each.ceiling, each.measure, max(each.left, 0), each.share_x100,
            _forecast(each, state, days, today),
        ) for each in core.rooms(state.budget, drawn, state.turnover_minor)
    ])  # fmt: skip


async def _scopes(
    call: Call, code: str, budget: Budget, period: core.Period
) -> tuple[BudgetScope, ...]:  # fmt: skip
    if budget.by not in ("store", "region"):
        return ()
    return tuple([
        BudgetScope(
            each.scope, *each.draw, core.share_x100(budget, each.draw, each.turnover_minor),
            each.used_up_at,
        ) for each in await db.fullest(call.conn, code, period, SCOPES)
    ])  # fmt: skip


def _forecast(
    room: core.Room, state: BudgetState, days: Sequence[BudgetDay], today: date
) -> Forecast | None:  # fmt: skip
    over = state.ends is not None and state.ends < today
    if over or not days or room.ceiling == SHARE:
        return None
    by_day: dict[date, int] = {}
    for day in days:
        by_day[day.day] = by_day.get(day.day, 0) + int(getattr(day, room.measure))
    spent = [Spent(day, amount) for day, amount in by_day.items()]
    first = max(state.began or EVER, min(by_day))
    return core.forecast(spent, max(room.left, 0), today, first)


_ON = {"on": "a day of the period, as 2026-01-31; today unless said otherwise"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "budget.list", "GET", "/v1/budgets", list_budgets, BudgetList,
        "What is drawn on each budget, and what is left", query=_ON,
    ),
    Operation(
        "budget.read", "GET", "/v1/budgets/{code}", read_budget, BudgetView,
        "One budget by day and by who pays for it, and until when it lasts", query=_ON,
    ),
)  # fmt: skip
