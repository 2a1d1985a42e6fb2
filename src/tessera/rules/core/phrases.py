"""Parts of sentences that several conditions and mechanics say: lists, goods, windows, scopes.

What holds words of a language is a `Phrase`; a code or a name alone is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from tessera.rules.core.basket import EVERYTHING, Goods
from tessera.rules.core.texts import one_many, phrase

Text = TypeVar("Text")
_FEW = 5
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
LISTS = {"or": "{names} or {last}", "and": "{names} and {last}"}
MORE = one_many("{count} more", "{count} more")
THIS = {
    "this day": " today", "this week": " this week", "this month": " this month",
    "this quarter": " this quarter", "this year": " this year",
}  # fmt: skip
LAST = {
    "days": one_many(" in the last day", " in the last {count} days"),
    "weeks": one_many(" in the last week", " in the last {count} weeks"),
    "months": one_many(" in the last month", " in the last {count} months"),
    "years": one_many(" in the last year", " in the last {count} years"),
}
UNITS = {
    "piece": "{goods} by the piece", "g": "{goods} by weight", "ml": "{goods} by volume",
}  # fmt: skip
OF_YEARS = {month: f"{{day}} {month}" for month in MONTHS}
OF_A_YEAR = {month: f"{{day}} {month} {{year}}" for month in MONTHS}


def listed(names: Sequence[object], joined: str = "or") -> str:
    """Names as "a", "a or b", "a, b or c"; of a long list the first ones and how many more."""
    said = [name if isinstance(name, str) else str(name) for name in names]
    if len(said) > _FEW + 1:
        said = [*said[:_FEW], phrase(MORE, count=len(said) - _FEW)]
    if len(said) < 2:
        return said[0] if said else ""
    return phrase(LISTS[joined], names=tuple(said[:-1]), last=said[-1])


def goods_words(goods: Goods) -> str:
    """What a choice of lines is about: "coffee or tea of the brand ACME, not LATTE"."""
    known = goods.__dict__.get("words")
    if known is None:  # beside the fields, like the sets it looks for
        known = goods.__dict__["words"] = _goods_words(goods)
    return known


def _goods_words(goods: Goods) -> str:
    if goods == EVERYTHING:
        return phrase("everything")
    kinds = listed([phrase(kind.replace("_", " ")) for kind in goods.kinds])
    named = listed(goods.skus) if goods.skus else listed(goods.categories)
    said = named or kinds or phrase("goods")
    for text, name, value in _narrowed(goods, kinds if named else ""):
        said = phrase(text, goods=said, **{name: value} if name else {})
    return said


def _narrowed(goods: Goods, kinds: str) -> Iterator[tuple[str, str, int | str]]:
    """(template, the name of what is filled in, what is), one around the other."""
    if goods.skus and goods.categories:
        yield "{goods} among {categories}", "categories", listed(goods.categories)
    if kinds:
        yield "{goods} sold as {kinds}", "kinds", kinds
    if goods.brands:
        yield "{goods} of the brand {brands}", "brands", listed(goods.brands)
    if goods.unit:
        yield UNITS[goods.unit], "", ""
    if goods.unit_from_minor:
        yield "{goods} from a price of {price_bare}", "price_bare", goods.unit_from_minor
    if goods.promoted != "any":
        yield "{goods} on offer" if goods.promoted == "only" else "{goods} not on offer", "", ""
    none = [name or phrase("goods of no category") for name in goods.not_categories]
    without = [*goods.not_skus, *none]
    if without:
        yield "{goods} without {others}", "others", listed(without)


def window_words(window: str) -> str:
    """A window behind what happened in it: " in the last 30 days", " this month", "" for ever."""
    if window == "ever":
        return ""
    if window.startswith("since "):
        return phrase(" since {day}", day=day_words(window[6:]))
    if window.startswith("this "):
        return phrase(THIS[window])
    count, unit = window.split(" ")
    return phrase(LAST[unit], count=int(count))


def goods_of(goods: Goods) -> str:
    """Behind a number of units: " of coffee", "" for everything."""
    return "" if goods == EVERYTHING else phrase(" of {goods}", goods=goods_words(goods))


def day_words(day: str) -> str:
    """26 July for 07-26, 26 July 2026 for 2026-07-26."""
    *year, month, number = day.split("-")
    name, said = MONTHS[int(month) - 1], str(int(number))
    if year:
        return phrase(OF_A_YEAR[name], day=said, year=year[0])
    return phrase(OF_YEARS[name], day=said)


def place_words(number: int) -> str:
    """1st for 1, last for -1, 2nd last for -2."""
    if number == -1:
        return phrase("last")
    return phrase("{n_th} last" if number < 0 else "{n_th}", n=abs(number))


def value_words(values: Sequence[object]) -> str:
    """Values of a field as a list; true and false are yes and no."""
    said = {True: phrase("yes"), False: phrase("no")}
    return listed([said[v] if isinstance(v, bool) else v for v in values])


def by_bounds(least: object, most: object, texts: tuple[Text, Text, Text]) -> Text:
    """Of the texts for (both bounds, only the lower, only the upper) the one that fits."""
    if most is None:
        return texts[1]
    return texts[2] if least is None else texts[0]
