"""Colours as `#rrggbb`: how much two of them differ to the eye, and mixtures. Pure."""

from __future__ import annotations

WHITE, BLACK = "#ffffff", "#000000"


def contrast_x100(one: str, other: str) -> int:
    """How well one is read on the other, in hundredths, rounded down: 100 (not at all) to 2100.

    source  WCAG 2.2, contrast ratio of relative luminances
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return int((high + 0.05) / (low + 0.05) * 100 + 1e-9)


def mixed(colour: str, other: str, percent: int) -> str:
    """`percent` of the other colour in this one; 0 to 100."""
    parts = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{(a * (100 - percent) + b * percent + 50) // 100:02x}" for a, b in parts)


def readable(colour: str, on: str, least_x100: int) -> str:
    """The colour, made darker or lighter in the smallest steps until it is read so well on `on`.

    errors  AssertionError: neither black nor white is read so well there
    """
    end = max((WHITE, BLACK), key=lambda each: contrast_x100(each, on))
    assert contrast_x100(end, on) >= least_x100, f"nothing is read so well on {on}"
    tried = (mixed(colour, end, percent) for percent in range(101))
    return next(each for each in tried if contrast_x100(each, on) >= least_x100)


def _parts(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [_linear(part / 255) for part in _parts(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
