"""What differs between two programs, in sentences: rules, budgets, coupons, tiers. Pure."""

from __future__ import annotations

from collections.abc import Callable

from tessera.doors.console.areas.budgets.sentences import plainly as of_budget
from tessera.doors.console.areas.coupons.sentences import plainly as of_coupon
from tessera.doors.console.areas.rules.telling import Change, changes_of, entry_changes
from tessera.doors.console.areas.tiers.sentences import plainly as of_ladder
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.rules.core.words import Program

_TABLES: tuple[tuple[str, str, Callable[[str, Program, Local], str]], ...] = (
    ("budgets", N_("Budget: %(name)s"), of_budget),
    ("coupons", N_("Coupon: %(name)s"), of_coupon),
    ("tiers", N_("Tiers: %(name)s"), of_ladder),
)


def all_changes(old: Program, new: Program, local: Local) -> list[Change]:
    """The rules that differ, then what the head declares and people read as sentences."""
    found = changes_of(old, new, local)
    for table, title, tell in _TABLES:
        said = (_teller(tell, old, local), _teller(tell, new, local))
        found += entry_changes(getattr(old, table), getattr(new, table), said, local.gettext(title))
    return found


def _teller(
    tell: Callable[[str, Program, Local], str], program: Program, local: Local
) -> Callable[[str], str]:  # fmt: skip
    return lambda code: tell(code, program, local)
