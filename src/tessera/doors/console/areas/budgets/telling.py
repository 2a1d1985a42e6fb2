"""What the pages of budgets say: ceilings, states, the burn-down, the forecast. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from tessera.doors.charts import Chart, Spec
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.till.budgets import BudgetCeiling, BudgetState, BudgetView
from tessera.rules.core.budgets import Budget

PAYERS: Mapping[str, str] = {
    "margin": N_("The shop's margin"), "marketing": N_("The marketing budget"),
    "partner": N_("A partner"), "supplier": N_("A supplier"),
}  # fmt: skip
PERIODS: Mapping[str, str] = {
    "day": N_("a day"), "week": N_("a week"), "month": N_("a month"), "quarter": N_("a quarter"),
    "year": N_("a year"), "ever": N_("in all"),
}  # fmt: skip
WHOSE: Mapping[str, str] = {
    "all": N_("for all together"), "store": N_("for each store"), "region": N_("for each region"),
    "member": N_("for each member"),
}  # fmt: skip


def minor(cost_x100: int) -> int:
    """Hundredths of a minor unit as whole minor units, rounded up: a cost is never told too low."""
    return -(-cost_x100 // 100)


def ceilings(budget: Budget, currency: str, local: Local) -> list[str]:
    """Each ceiling in words."""
    return list(_ceilings(budget, currency, local))


def _ceilings(budget: Budget, currency: str, local: Local) -> Iterator[str]:
    gettext = local.gettext
    if budget.most_minor is not None:
        yield local.money(budget.most_minor, currency)
    if budget.turnover_percent_x100 is not None:
        share = local.percent(Decimal(budget.turnover_percent_x100) / 10_000)
        yield gettext("%(share)s of the turnover with a card") % {"share": share}
    if budget.most_points is not None:
        yield _points(budget.most_points, local)
    if budget.most_pieces is not None:
        yield _pieces(budget.most_pieces, local)


def _points(count: int, local: Local) -> str:
    said = local.ngettext("%(count)s point", "%(count)s points", count)
    return said % {"count": local.count(count)}


def _pieces(count: int, local: Local) -> str:
    said = local.ngettext("%(count)s piece", "%(count)s pieces", count)
    return said % {"count": local.count(count)}


def state(each: BudgetState) -> str:
    """used_up, near or room."""
    if each.used_up:
        return "used_up"
    near = each.share_x100 is not None and each.share_x100 >= each.budget.warn_percent * 100
    return "near" if near else "room"


def left(ceilings: Sequence[BudgetCeiling], currency: str, local: Local) -> str | None:
    """What is left: of each measure that has a ceiling, the tightest first; None of scopes."""
    least: dict[str, int] = {}
    for each in ceilings:
        if each.left is None:
            return None
        least[each.measure] = min(least.get(each.measure, each.left), each.left)
    return local.listed([_amount(measure, n, currency, local) for measure, n in least.items()])


def _amount(measure: str, amount: int, currency: str, local: Local) -> str:
    if measure == "cost_x100":
        return local.money(amount // 100, currency)
    return _points(amount, local) if measure == "points" else _pieces(amount, local)


def measured(found: BudgetView, amount: int, local: Local) -> str:
    """An amount of the ceiling's own measure."""
    if found.measure == "cost_x100":
        return local.money(minor(amount), found.currency)
    return local.count(amount)


def forecast(found: BudgetView, local: Local) -> str:
    """Until when it lasts, in a sentence; "" where nobody can tell."""
    gettext, made, ends = local.gettext, found.forecast, found.state.ends
    if made is None:
        return ""
    if found.state.used_up or not found.left:
        return gettext("Nothing is left.")
    if made.on is None or (ends is not None and made.on > ends):
        if made.earliest is not None and (ends is None or made.earliest <= ends):
            return gettext("It should last; if it goes fast, it is used up on %(day)s.") % {
                "day": local.day(made.earliest)
            }
        return gettext("If it goes on like this, it lasts.")
    if made.earliest is None or made.latest is None or made.earliest == made.latest:
        return gettext("If it goes on like this, it is used up on %(day)s.") % {
            "day": local.day(made.on)
        }
    return gettext(
        "If it goes on like this, it is used up on %(day)s, between %(earliest)s and %(latest)s."
    ) % {
        "day": local.day(made.on), "earliest": local.day(made.earliest),
        "latest": local.day(made.latest),
    }  # fmt: skip


def burn_down(found: BudgetView, local: Local) -> Chart:
    """What was drawn by day, added up."""
    gettext, by_day = local.gettext, dict[date, int]()
    for each in found.days:
        amount = each.cost_x100 if found.measure == "cost_x100" else getattr(each, found.measure)
        by_day[each.day] = by_day.get(each.day, 0) + amount
    rows, total = list[tuple[date | str | int, ...]](), 0
    for day, amount in by_day.items():
        total += amount
        rows.append((day, minor(total) if found.measure == "cost_x100" else total))
    money = found.measure == "cost_x100"
    finding = forecast(found, local) or gettext("%(amount)s were drawn so far.") % {
        "amount": measured(found, total, local)
    }
    return Chart(
        "burn-down", gettext("Drawn so far, by day"), finding,
        (gettext("Day"), gettext("Drawn so far")), tuple(rows),
        Spec(mark="lines", unit="money", currency=found.currency) if money else Spec(mark="lines"),
    )  # fmt: skip
