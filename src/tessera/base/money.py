"""Whole minor units. There is no float anywhere below this line."""

from __future__ import annotations

from collections.abc import Sequence


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Share `total_minor` in proportion to `weights`, losing nothing.

    units   any whole unit (cents, points); the sign of the total is kept
    shape   len(result) == len(weights); sum(result) == total_minor
    errors  AssertionError if weights are empty, negative or all zero
    source  largest-remainder apportionment; ties go to the first line
    """
    whole = sum(weights)
    assert whole > 0 and min(weights) >= 0, "weights are not negative and not all zero"
    size = abs(total_minor)
    shares = [size * weight // whole for weight in weights]
    short = size - sum(shares)
    if short:
        rest = [size * weight % whole for weight in weights]
        # sorting is stable, also in reverse: equal remainders stay in the order of the lines
        by_remainder = sorted(range(len(weights)), key=rest.__getitem__, reverse=True)
        for i in by_remainder[:short]:
            shares[i] += 1
    return shares if total_minor >= 0 else [-share for share in shares]


def half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` to the nearest whole, halves away from zero.

    units   the caller's; errors: AssertionError unless denominator > 0
    source  commercial rounding, as on printed receipts
    """
    assert denominator > 0, "a denominator is positive"
    size = (2 * abs(numerator) + denominator) // (2 * denominator)
    return size if numerator >= 0 else -size


def in_words(minor: int, currency: str) -> str:
    """An amount as people write it: 1234 EUR -> "12.34 EUR". Two decimals."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d} {currency}"
