"""What became of a file's rows, or would: counts alone, nothing of what stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct


class Findings(Struct, frozen=True):
    """Counts of a check, or of a run.

    rows      of the file
    good      receipts, or rows, that can be taken, or were; known before included
    bad       {code: receipts or rows that cannot be taken}
    outcomes  {what became of the good ones: how many}
    points    {currency of the program: points that the good rows say}
    stores    that the file names and nobody added: they are added with it
    missing   rows that are neither here nor in quarantine: a mistake of ours
    kept_as   under what its quarantine is listed
    """

    rows: int = 0
    good: int = 0
    bad: dict[str, int] = {}
    outcomes: dict[str, int] = {}
    points: dict[str, int] = {}
    stores: list[str] = []
    missing: int = 0
    kept_as: str = ""

    @property
    def aside(self) -> int:
        """How many cannot be taken."""
        return sum(self.bad.values())


def said(findings: Findings) -> dict[str, Any]:
    """As JSON holds them, for a task's report."""
    told: dict[str, Any] = msgspec.to_builtins(findings)
    return told


def of_part(report: Mapping[str, Any] | None, part: str) -> Findings | None:
    """The findings of a part, out of a task's report; None: there are none, or of another kind."""
    told = None if report is None else report.get(part)
    return msgspec.convert(told, Findings) if isinstance(told, dict) and "rows" in told else None
