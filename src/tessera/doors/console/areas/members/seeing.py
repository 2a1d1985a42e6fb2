"""A receipt as a page tells it: each line, each effect and each rule that gave nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tessera.checkout.core import Told
from tessera.doors.language.local import MINUS, Local
from tessera.doors.language.words import N_
from tessera.rules.core.telling import EffectTold

LINES_SHOWN = 40  # of each receipt of a history; the rest of a long one is a click away
LINES_ALONE = 400  # of a receipt shown by itself: more would break the page's budget
_MOST_RUNS = 6
_MONEY = ("discount", "payment", "donation")
KINDS: Mapping[str, str] = {
    "discount": N_("Discount"), "payment": N_("Paid with points"), "points": N_("Points"),
    "gift": N_("Gift"), "coupon": N_("Coupon"), "ticket": N_("Ticket"), "badge": N_("Badge"),
    "privilege": N_("Privilege"), "donation": N_("Donation"),
}  # fmt: skip
# What rules count with, by the stem of its name. One that is not here is called as in the program.
_NUMBERS: Mapping[str, str] = {
    "base": N_("counted from"), "per": N_("for each"), "above": N_("above"), "from": N_("from"),
    "points": N_("points"), "percent": N_("per cent"), "goods": N_("goods"), "n": N_("every n-th"),
    "title": N_("occasion"), "item": N_("what"), "total": N_("total"), "off": N_("off"),
    "price": N_("price"), "times": N_("times"), "buy": N_("to buy"), "get": N_("to get"),
    "product": N_("product"), "units": N_("units"), "window": N_("period"), "each": N_("for each"),
    "lacking": N_("missing"), "every": N_("every"), "parts": N_("parts"), "most": N_("at most"),
    "category": N_("category"), "worth": N_("worth"), "stamps": N_("stamps"), "extra": N_("extra"),
    "methods": N_("ways to pay"), "years": N_("years"), "paid": N_("paid"), "least": N_("at least"),
    "factor": N_("factor"), "name": N_("name"), "among": N_("among"), "step": N_("step"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LineSeen:
    """A line after Tessera, in minor units and points. `number` counts from 1."""

    number: int
    sku: str
    name: str
    quantity: str
    total_minor: int
    discount_minor: int
    by_points_minor: int
    points: int

    @property
    def to_pay_minor(self) -> int:
        """What the customer paid in money for it."""
        return self.total_minor - self.discount_minor - self.by_points_minor


@dataclass(frozen=True, slots=True)
class Why:
    """One effect in words: what was given, by which rule, from which numbers, on which lines.

    trimmed  why less was given than wanted, "" if all was given
    """

    effect: EffectTold
    label: str
    given: str
    lines: str
    numbers: tuple[tuple[str, str], ...]
    trimmed: str


@dataclass(frozen=True, slots=True)
class Seen:
    """A receipt ready to be shown.

    lines      all of them, or a part of a long receipt that has `size` lines
    explained  every rule that gave nothing is told, not only those within reach
    """

    told: Told
    returned: bool
    off_minor: int
    by_points_minor: int
    summary: tuple[str, ...]
    whys: tuple[Why, ...]
    lines: tuple[LineSeen, ...]
    size: int
    explained: bool

    @property
    def last(self) -> int:
        """The number of the last line shown."""
        return self.lines[-1].number if self.lines else 0

    @property
    def trimmed(self) -> bool:
        """Whether a rule wanted to give more than it could."""
        return any(why.trimmed for why in self.whys)


def seen(
    local: Local, told: Told, after: int = 0, most: int = LINES_SHOWN, *, explained: bool = False
) -> Seen:  # fmt: skip
    """A receipt in the words of the page, with `most` lines after line `after`.

    A return comes with the signs of what it changed: goods and money go back, points that were
    earned are taken back, points that were spent come back.
    """
    lines = _lines(local, told)
    return Seen(
        told, told.kind == "return",
        sum(line.discount_minor for line in lines), sum(line.by_points_minor for line in lines),
        _summary(local, told, explained), tuple(_why(local, each, told) for each in told.effects),
        lines[after : after + most], len(lines), explained,
    )  # fmt: skip


def _lines(local: Local, told: Told) -> tuple[LineSeen, ...]:
    shares: dict[str, dict[int, int]] = {"discount": {}, "payment": {}, "points": {}}
    # The effects of a return speak of the sale's lines, not of the lines that came back.
    for effect in () if told.kind == "return" else told.effects:
        sums = shares.get(effect.kind, {})
        for line, share in effect.lines:
            sums[line] = sums.get(line, 0) + share
    return tuple(
        LineSeen(
            i, line.sku, line.name or line.sku, local.quantity(line.quantity, line.unit),
            line.total_minor, shares["discount"].get(i, 0), shares["payment"].get(i, 0),
            shares["points"].get(i, 0),
        )
        for i, line in enumerate(told.lines, 1)
    )  # fmt: skip


def _why(local: Local, effect: EffectTold, told: Told) -> Why:
    return Why(
        effect, local.gettext(KINDS[effect.kind]), _given(local, effect, told.currency),
        runs(line for line, _ in effect.lines), numbers(local, effect, told.currency),
        _trimmed(local, effect, told.currency),
    )  # fmt: skip


def _given(local: Local, effect: EffectTold, currency: str) -> str:
    if effect.kind == "points":
        return " ".join(filter(None, (local.signed(effect.given), effect.unit)))
    if effect.kind == "donation":
        return local.money(effect.given, currency)
    if effect.item:
        return f"{local.count(effect.given)} \N{MULTIPLICATION SIGN} {effect.item}"
    return f"{MINUS}{local.money(effect.given, currency)}"


def _trimmed(local: Local, effect: EffectTold, currency: str) -> str:
    if not effect.trimmed:
        return ""
    if effect.wanted <= effect.given:
        return effect.trimmed
    told = local.gettext("Wanted %(wanted)s, given %(given)s: %(why)s")
    wanted = _amount(local, effect.kind, effect.wanted, currency)
    given = _amount(local, effect.kind, effect.given, currency)
    return told % {"wanted": wanted, "given": given, "why": effect.trimmed}


def _amount(local: Local, kind: str, amount: int, currency: str) -> str:
    return local.money(amount, currency) if kind in _MONEY else local.count(amount)


def numbers(local: Local, effect: EffectTold, currency: str) -> tuple[tuple[str, str], ...]:
    """What an effect counted with, in words: {"base_minor": 1155} -> ("counted from", "€11.55").

    `count` is said in the sentence already.
    """
    return tuple(
        _number(local, name, value, currency)
        for name, value in effect.numbers.items() if name != "count"
    )  # fmt: skip


def _number(local: Local, name: str, value: int | str, currency: str) -> tuple[str, str]:
    stem, _, unit = name.rpartition("_")
    known = unit in ("minor", "percent", "units")
    word = stem if stem and known else name
    label = local.gettext(_NUMBERS[word]) if word in _NUMBERS else word.replace("_", " ")
    if isinstance(value, str):
        return label, value
    if unit == "minor":
        return label, local.money(value, currency)
    return label, f"{local.count(value)}\N{NO-BREAK SPACE}%" if unit == "percent" else local.count(
        value
    )


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
    return ", ".join(parts[:_MOST_RUNS]) + (" \N{HORIZONTAL ELLIPSIS}" if more > 0 else "")


# The whole receipt in a few sentences: what a call centre reads out first -------------------------


def _summary(local: Local, told: Told, explained: bool) -> tuple[str, ...]:
    if told.kind == "return":
        return _summary_of_return(local, told)
    off = sum(e.given for e in told.effects if e.kind == "discount")
    paid = sum(e.given for e in told.effects if e.kind == "payment")
    said = []
    if off:
        amount = {"amount": local.money(off, told.currency)}
        said.append(local.gettext("%(amount)s were taken off.") % amount)
    if paid:
        amount = {"amount": local.money(paid, told.currency)}
        form = local.ngettext(
            "%(count)s point paid %(amount)s.", "%(count)s points paid %(amount)s.",
            told.points_spent,
        )  # fmt: skip
        said.append(form % {"count": local.count(told.points_spent), **amount})
    said += _gave(local, told.points_earned)
    said += [
        f"{local.gettext(KINDS[e.kind])}: {_given(local, e, told.currency)}."
        for e in told.effects if e.kind not in ("discount", "payment", "points")
    ]  # fmt: skip
    if not said:
        said.append(local.gettext("This receipt gave nothing."))
    silent = len(told.silent) if explained else sum(each.lacking > 0 for each in told.silent)
    return (*said, *_quiet(local, silent, explained))


def _gave(local: Local, points: int) -> list[str]:
    if points <= 0:
        return []
    form = local.ngettext("It gave %(count)s point.", "It gave %(count)s points.", points)
    return [form % {"count": local.count(points)}]


def _quiet(local: Local, silent: int, explained: bool) -> tuple[str, ...]:
    """Of an unexplained receipt only the rules within reach are known."""
    if not silent:
        return ()
    if explained:
        form = local.ngettext(
            "%(count)s rule gave nothing.", "%(count)s rules gave nothing.", silent
        )
    else:
        form = local.ngettext(
            "%(count)s rule was within reach.", "%(count)s rules were within reach.", silent
        )
    return (form % {"count": local.count(silent)},)


def _summary_of_return(local: Local, told: Told) -> tuple[str, ...]:
    amount = {"amount": local.money(abs(told.gross_minor), told.currency)}
    said = [local.gettext("Goods of %(amount)s came back.") % amount]
    if told.points_earned < 0:
        form = local.ngettext(
            "%(count)s point was taken back.", "%(count)s points were taken back.",
            -told.points_earned,
        )  # fmt: skip
        said.append(form % {"count": local.count(-told.points_earned)})
    said += _gave(local, told.points_earned)
    if told.points_spent < 0:
        form = local.ngettext(
            "%(count)s spent point was given back.", "%(count)s spent points were given back.",
            -told.points_spent,
        )  # fmt: skip
        said.append(form % {"count": local.count(-told.points_spent)})
    if len(said) == 1:
        said.append(local.gettext("No points moved."))
    gone = [f"{local.count(e.count)} \N{MULTIPLICATION SIGN} {e.item}" for e in told.take_back]
    if gone:
        said.append(local.gettext("No longer earned: %(what)s.") % {"what": ", ".join(gone)})
    return tuple(said)
