"""A measured figure, beside the baseline it was measured with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """name, value in unit; baseline says what `ratio` is relative to (value / baseline's value)."""

    name: str
    value: float
    unit: str
    baseline: str = ""
    ratio: float | None = None
