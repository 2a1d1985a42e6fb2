"""What is to be thought of before a budget is saved: until when it lasts, who pays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from msgspec.structs import replace

from tessera.budgets import core
from tessera.doors.console.areas.budgets import telling
from tessera.doors.language.words import N_
from tessera.doors.till.budgets import BudgetView, ceilings_of
from tessera.doors.web.visit import Visit
from tessera.rules.core.budgets import Budget
from tessera.rules.core.words import Program

_FRESH = N_("It counts from the day on which it is published. If a budget of this code was there "
            "in the same period, it goes on where that one stood.")  # fmt: skip
_ANEW = N_("In another period, or shared otherwise, it counts anew from the day it is published. "
           "If it was so in the same period before, it goes on where it stood.")  # fmt: skip
_OTHERS = N_("Something else draws on it: what was counted so far stays in it.")
_OVER = N_("So much was given in this period already: it would be used up at once.")


async def told(visit: Visit, code: str, budget: Budget) -> list[tuple[str, str]]:
    """[(warn or info, a sentence)] of a budget as it would be; nothing of it is written."""
    now = visit.house.shop().program.budgets.get(code)
    _ = visit.local.gettext
    if now is None:
        return [("info", _(_FRESH))]
    if (now.per, now.by) != (budget.per, budget.by):
        return [("warn", _(_ANEW))]
    found = (
        await visit.ask("budget.read", path={"code": code}) if visit.may("budget.read") else None
    )
    if not isinstance(found, BudgetView):
        return []
    said = [("info", _(_OTHERS))] if _drawn_by(now) != _drawn_by(budget) else []
    return said + _lasts(visit, found, budget)


def _lasts(visit: Visit, found: BudgetView, budget: Budget) -> list[tuple[str, str]]:
    """The forecast, as if the budget were so today."""
    if budget.by != "all" or not budget.limits:
        return []
    would = as_if(found, budget, visit.house.today(visit.now))
    if not would.left:
        return [("warn", visit.local.gettext(_OVER))]
    sentence = telling.forecast(would, visit.local)
    ends = would.state.ends
    short = would.forecast is not None and would.forecast.earliest is not None and (
        ends is None or would.forecast.earliest <= ends
    )  # fmt: skip
    return [("warn" if short else "info", sentence)] if sentence else []


def as_if(found: BudgetView, budget: Budget, today: date) -> BudgetView:
    """What was drawn, seen under other ceilings."""
    state = replace(found.state, budget=budget)
    ceilings = ceilings_of(state, found.days, today)
    left = ceilings[0].left
    return replace(
        found, measure=ceilings[0].measure, left=left, ceilings=ceilings,
        forecast=core.soonest([each.forecast for each in ceilings]),
        state=replace(state, used_up=int(not left)),
    )  # fmt: skip


def payers(code: str, program: Program) -> list[tuple[str, list[str]]]:
    """[(who pays, the rules that draw on it)]: from which money a rule is paid, it says itself."""
    book = program.plan.book
    if book is None:
        return []
    found: dict[str, list[str]] = {}
    for rule in program.rules:
        prize = getattr(getattr(rule, "prize", None), "item", "")
        if code in book.drawn_on(rule.id, prize if isinstance(prize, str) else ""):
            found.setdefault(rule.funding, []).append(rule.name or rule.id)
    return [(telling.PAYERS[each], names) for each, names in found.items()]


def _drawn_by(budget: Budget) -> Mapping[str, object]:
    names = ("rules", "campaigns", "items", "rewards", "claims", "referrals", "boards")
    return {name: getattr(budget, name, ()) for name in names}
