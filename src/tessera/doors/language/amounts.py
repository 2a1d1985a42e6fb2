"""Amounts of money as people type them."""

from __future__ import annotations

_LONGEST, _PART = 10, 2  # digits before and after the point: no more than an API takes


def minor_of(typed: str) -> int | None:
    """Minor units of major ones with a point or a comma: "12,5" -> 1250; None: it is no amount.

    Spaces may part thousands. A point and a comma at once are none: which is which is not guessed.
    """
    whole, _, part = "".join(typed.split()).replace(",", ".").partition(".")
    digits = whole + part
    sound = digits.isascii() and digits.isdecimal()
    if not sound or len(whole) > _LONGEST or len(part) > _PART:
        return None
    return int(whole or "0") * 100 + int(part.ljust(_PART, "0"))
