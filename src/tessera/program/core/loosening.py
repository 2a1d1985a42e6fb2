"""Whether a program asks for less than the one before it. Pure."""

from __future__ import annotations

from tessera.rules.core.words import Program

_LIMITS = ("most", "per_principal_day", "per_member_30_days", "approval_above")


def guarded(program: Program) -> bool:
    """Whether a second person decides on anything: then one alone does not change that."""
    return bool(program.approvals) or program.adjustments.approval_above is not None


def loosens(before: Program, program: Program) -> bool:
    """Whether a second person decides on less, or more points are put right by hand."""
    if set(before.approvals) - set(program.approvals):
        return True
    return any(
        _wider(getattr(before.adjustments, name), getattr(program.adjustments, name))
        for name in _LIMITS
    )


def _wider(before: int | None, limit: int | None) -> bool:
    """None: no limit."""
    return before is not None and (limit is None or limit > before)
