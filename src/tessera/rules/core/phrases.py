"""Parts of sentences that several conditions and mechanics say: lists, goods, windows, scopes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tessera.rules.core.basket import EVERYTHING, Goods

Text = TypeVar("Text")
_FEW = 5
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def listed(names: Sequence[object], joined: str = "or") -> str:
    """Names as "a", "a or b", "a, b or c"; of a long list the first ones and how many more."""
    said = [str(name) for name in names]
    if len(said) > _FEW + 1:
        said = [*said[:_FEW], f"{len(said) - _FEW} more"]
    if len(said) < 2:
        return "".join(said)
    return f"{', '.join(said[:-1])} {joined} {said[-1]}"


def goods_words(goods: Goods) -> str:
    """What a choice of lines is about: "coffee or tea of the brand ACME, not LATTE"."""
    if goods == EVERYTHING:
        return "everything"
    named = listed(goods.skus) if goods.skus else listed(goods.categories)
    said = [named or listed(goods.kinds).replace("_", " ") or "goods"]
    if goods.skus and goods.categories:
        said.append(f"among {listed(goods.categories)}")
    if named and goods.kinds:
        said.append(f"sold as {listed(goods.kinds).replace('_', ' ')}")
    if goods.brands:
        said.append(f"of the brand {listed(goods.brands)}")
    if goods.unit:
        said.append({"piece": "by the piece", "g": "by weight", "ml": "by volume"}[goods.unit])
    if goods.unit_from_minor:
        said.append(f"from a price of {_decimal(goods.unit_from_minor)}")
    if goods.promoted != "any":
        said.append("on offer" if goods.promoted == "only" else "not on offer")
    without = [*goods.not_skus, *(name or "goods of no category" for name in goods.not_categories)]
    if without:
        said.append(f"without {listed(without)}")
    return " ".join(said)


def window_words(window: str) -> str:
    """A window behind what happened in it: " in the last 30 days", " this month", "" for ever."""
    if window == "ever":
        return ""
    if window.startswith("since "):
        return f" since {day_words(window[6:])}"
    if window.startswith("this "):
        return " today" if window == "this day" else f" {window}"
    count, unit = window.split(" ")
    return f" in the last {unit.removesuffix('s')}" if count == "1" else f" in the last {window}"


def goods_of(goods: Goods) -> str:
    """Behind a number of units: " of coffee", "" for everything."""
    return "" if goods == EVERYTHING else f" of {goods_words(goods)}"


def day_words(day: str) -> str:
    """26 July for 07-26, 26 July 2026 for 2026-07-26."""
    *year, month, number = day.split("-")
    return " ".join([str(int(number)), MONTHS[int(month) - 1], *year])


def place_words(number: int) -> str:
    """1st for 1, last for -1, 2nd last for -2."""
    if number == -1:
        return "last"
    size, ending = abs(number), "th"
    if size % 100 not in (11, 12, 13):
        ending = {1: "st", 2: "nd", 3: "rd"}.get(size % 10, "th")
    return f"{size}{ending} last" if number < 0 else f"{size}{ending}"


def by_bounds(least: object, most: object, texts: tuple[Text, Text, Text]) -> Text:
    """Of the texts for (both bounds, only the lower, only the upper) the one that fits."""
    if most is None:
        return texts[1]
    return texts[2] if least is None else texts[0]


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
