"""A budget in plain sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tessera.doors.console.areas.budgets.telling import ceilings
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.rules.core.budgets import Budget
from tessera.rules.core.words import Program

_MOST: Mapping[str, str] = {
    "day": N_("At most %(ceilings)s a day."), "week": N_("At most %(ceilings)s a week."),
    "month": N_("At most %(ceilings)s a month."), "quarter": N_("At most %(ceilings)s a quarter."),
    "year": N_("At most %(ceilings)s a year."), "ever": N_("At most %(ceilings)s in all."),
}  # fmt: skip
_WHOSE: Mapping[str, str] = {
    "all": N_("One ceiling for all members and stores together."),
    "store": N_("Each store has one of its own."), "region": N_("Each region has one of its own."),
    "member": N_("Each member has one of their own."),
}  # fmt: skip
NOTHING = N_("It limits nothing yet: write how much it is at most.")
_WHOLE = N_("Whatever rules give draws on it.")
_RULES = N_("These rules draw on it: %(names)s.")
_CAMPAIGNS = N_("The rules of these campaigns draw on it: %(names)s.")
_ITEMS = N_("These gifts and coupons draw on it: %(names)s.")
_REWARDS = N_("Claims of these rewards draw on it: %(names)s.")
_CLAIMS = N_("All claims of rewards draw on it.")
_REFERRALS = N_("Prizes for bringing a friend draw on it.")
_BOARDS = N_("Prizes of boards draw on it.")
_AFTER = N_("When it is used up, nothing more is given of it until the next period begins; "
            "what would pass it is given in part, and the till says why.")  # fmt: skip
_FOR_EVER = N_("When it is used up, nothing more is given of it; "
               "what would pass it is given in part, and the till says why.")  # fmt: skip


def plainly(code: str, program: Program, local: Local) -> str:
    """What a budget does, whole."""
    said = _plainly(program.budgets[code], program, local)
    return ("" if local.language == "zh" else " ").join(said)


def _plainly(budget: Budget, program: Program, local: Local) -> Iterator[str]:
    told = local.gettext
    if budget.limits:
        most = local.listed(ceilings(budget, program.currency, local))
        yield told(_MOST[budget.per]) % {"ceilings": most}
    else:
        yield told(NOTHING)
    yield told(_WHOSE[budget.by])
    yield from _drawn_by(budget, program, local) or (told(_WHOLE),)
    yield told(_FOR_EVER if budget.per == "ever" else _AFTER)


def _drawn_by(budget: Budget, program: Program, local: Local) -> list[str]:
    names = {rule.id: rule.name or rule.id for rule in program.rules}
    several = (
        (_RULES, [names.get(each, each) for each in budget.rules]),
        (_CAMPAIGNS, [*budget.campaigns]), (_ITEMS, [*budget.items]),
        (_REWARDS, [] if budget.claims else [*budget.rewards]),
    )  # fmt: skip
    found = [local.gettext(said) % {"names": local.listed(some)} for said, some in several if some]
    alone = (
        (_CLAIMS, budget.claims), (_REFERRALS, budget.referrals), (_BOARDS, budget.boards),
    )  # fmt: skip
    return found + [local.gettext(said) for said, holds in alone if holds]
