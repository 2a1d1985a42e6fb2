"""Figures as people read them. Every amount on a page goes through here, once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from tessera.base.money import in_words

MINUS = "\N{MINUS SIGN}"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MOST_RUNS = 6


def money(minor: int, currency: str = "") -> str:
    """Minor units as an amount: 123456 -> "1,234.56", with the currency if it is given."""
    sign = MINUS if minor < 0 else ""
    whole, _, cents = in_words(abs(minor), "").strip().partition(".")
    return f"{sign}{int(whole):,}.{cents}" + (f"\N{NO-BREAK SPACE}{currency}" if currency else "")


def count(number: int) -> str:
    """A whole number with thousands apart: 12345 -> "12,345"."""
    return f"{MINUS if number < 0 else ''}{abs(number):,}"


def signed(number: int) -> str:
    """Points that come or go: 23 -> "+23", 0 -> "0", below zero with a true minus."""
    return f"+{number:,}" if number > 0 else count(number)


def quantity(units: int, unit: str) -> str:
    """How much was bought: "3", or "1.250 kg" and "0.330 l" for what is weighed or poured."""
    if unit == "piece":
        return count(units)
    name = {"g": "kg", "ml": "l"}.get(unit, unit)
    return f"{units // 1000:,}.{units % 1000:03d}\N{NO-BREAK SPACE}{name}"


def day(at: datetime) -> str:
    """A local day, the same in every language setting of the server: "1 Mar 2026"."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def clock(at: datetime) -> str:
    """A local time of day: "09:05"."""
    return f"{at.hour:02d}:{at.minute:02d}"


def spaced(number: str) -> str:
    """A long card number in groups of four, because people read it aloud; others unchanged."""
    if not (number.isascii() and number.isdigit() and len(number) > 8):
        return number
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def runs(numbers: Iterable[int]) -> str:
    """Line numbers in short: 1, 2, 3, 7 -> "1-3, 7" (with a dash as printed)."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    parts = [str(a) if a == b else f"{a}\N{EN DASH}{b}" for a, b in found]
    more = len(parts) - _MOST_RUNS
    return ", ".join(parts[:_MOST_RUNS]) + (f" and {more} more" if more > 0 else "")


def named(numbers: Mapping[str, int | str], currency: str) -> tuple[tuple[str, str], ...]:
    """The numbers of an effect with words: {"base_minor": 1155} -> ("base", "11.55 EUR").

    `count` is said in the sentence already.
    """
    return tuple(
        _named(name, number, currency) for name, number in numbers.items() if name != "count"
    )


def _named(name: str, number: int | str, currency: str) -> tuple[str, str]:
    stem, _, unit = name.rpartition("_")
    if isinstance(number, str):
        return name.replace("_", " "), number
    if stem and unit == "minor":
        return stem.replace("_", " "), money(number, currency)
    if stem and unit == "percent":
        return stem.replace("_", " "), f"{count(number)}\N{NO-BREAK SPACE}%"
    return name.replace("_", " "), count(number)
