"""A receipt as the page tells it: each line, each effect and each rule that gave nothing."""

from __future__ import annotations

from dataclasses import dataclass

from tessera.checkout.core import EventTold, Told
from tessera.doors.console.figures import count, money, named, quantity, runs, signed
from tessera.rules.core.telling import EffectTold

LINES_SHOWN = 40  # of each receipt of a history; the rest of a long one is a click away
LINES_ALONE = 800  # of a receipt shown by itself: more would break the page's budget of 40 KB
_KINDS = {
    "discount": "Discount", "payment": "Paid with points", "points": "Points", "gift": "Gift",
    "coupon": "Coupon",
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
    hidden   members and cashiers are told neither the rule nor the reason
    """

    kind: str
    label: str
    rule: str
    mechanic: str
    version: int
    sentence: str
    given: str
    lines: str
    numbers: tuple[tuple[str, str], ...]
    trimmed: str
    hidden: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """A receipt ready to be shown.

    earned, spent  points that came and went, signed as the member's balance saw them
    lines          all of them, or a part of a long receipt that has `size` lines
    explained      every rule that gave nothing is told, not only those within reach
    """

    told: Told
    returned: bool
    off_minor: int
    by_points_minor: int
    earned: int
    spent: int
    summary: str
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


@dataclass(frozen=True, slots=True)
class EventSeen:
    """An event ready to be shown: what it was in a sentence, and what came of it."""

    told: EventTold
    sentence: str
    data: tuple[tuple[str, str], ...]


def event_seen(told: EventTold, currency: str) -> EventSeen:
    """An event in the words of the page."""
    gave = "; ".join(effect.screen for effect in told.effects)
    data = {
        name: ("yes" if value else "no") if isinstance(value, bool) else value
        for name, value in told.data.items()
    }
    return EventSeen(told, f"{told.type}: {gave or 'gave nothing'}", named(data, currency))


def seen(
    told: Told, after: int = 0, most: int = LINES_SHOWN, *, explained: bool = False
) -> Seen:  # fmt: skip
    """A receipt of the history in the words of the page, with `most` lines after line `after`.

    A return comes with the signs of what it changed: goods and money go back, points that were
    earned are taken back, points that were spent come back.
    """
    lines = _lines(told)
    return Seen(
        told, told.kind == "return",
        sum(line.discount_minor for line in lines), sum(line.by_points_minor for line in lines),
        told.points_earned, -told.points_spent, _summary(told, explained),
        tuple(_why(effect, told.currency) for effect in told.effects),
        lines[after : after + most], len(lines), explained,
    )  # fmt: skip


def _lines(told: Told) -> tuple[LineSeen, ...]:
    shares: dict[str, dict[int, int]] = {"discount": {}, "payment": {}, "points": {}}
    # The effects of a return speak of the sale's lines, not of the lines that came back.
    for effect in () if told.kind == "return" else told.effects:
        sums = shares.get(effect.kind, {})
        for line, share in effect.lines:
            sums[line] = sums.get(line, 0) + share
    return tuple(
        LineSeen(
            i, line.sku, line.name or line.sku, quantity(line.quantity, line.unit),
            line.total_minor, shares["discount"].get(i, 0), shares["payment"].get(i, 0),
            shares["points"].get(i, 0),
        )
        for i, line in enumerate(told.lines, 1)
    )  # fmt: skip


def _why(effect: EffectTold, currency: str) -> Why:
    return Why(
        effect.kind, _KINDS[effect.kind], effect.rule, effect.mechanic, effect.version,
        effect.screen, _given(effect, currency), runs(line for line, _ in effect.lines),
        named(effect.numbers, currency), _trimmed(effect, currency), effect.hidden,
    )  # fmt: skip


def _given(effect: EffectTold, currency: str) -> str:
    if effect.kind == "points":
        return signed(effect.given)
    if effect.item:
        return f"{count(effect.given)} \N{MULTIPLICATION SIGN} {effect.item}"
    return f"\N{MINUS SIGN}{money(effect.given, currency)}"


def _trimmed(effect: EffectTold, currency: str) -> str:
    if not effect.trimmed:
        return ""
    if effect.wanted <= effect.given:
        return f"{effect.trimmed[:1].upper()}{effect.trimmed[1:]}"
    wanted = _amount(effect.kind, effect.wanted, currency)
    given = _amount(effect.kind, effect.given, currency)
    return f"Wanted {wanted}, given {given}: {effect.trimmed}"


def _amount(kind: str, amount: int, currency: str) -> str:
    return money(amount, currency) if kind in ("discount", "payment") else count(amount)


def _summary(told: Told, explained: bool) -> str:
    """The whole receipt in a sentence or two, the first thing a call centre reads out."""
    if told.kind == "return":
        return _summary_of_return(told)
    silent = sum(explained or each.lacking > 0 for each in told.silent)
    off = sum(e.given for e in told.effects if e.kind == "discount")
    paid = sum(e.given for e in told.effects if e.kind == "payment")
    parts = []
    if off:
        parts.append(f"took {money(off, told.currency)} off")
    if paid:
        parts.append(f"let {_points(told.points_spent)} pay {money(paid, told.currency)}")
    gave = [_points(told.points_earned)] if told.points_earned else []
    for kind in ("gift", "coupon"):
        pieces = sum(e.given for e in told.effects if e.kind == kind)
        if pieces:
            gave.append(f"1 {kind}" if pieces == 1 else f"{count(pieces)} {kind}s")
    if gave:
        parts.append(f"gave {_joined(gave)}")
    if not parts:
        held = _none_held(silent) if explained else ""
        return f"This receipt gave nothing{held}.{'' if explained else _near(silent)}"
    return f"This receipt {_joined(parts)}.{_quiet(silent) if explained else _near(silent)}"


def _summary_of_return(told: Told) -> str:
    parts = []
    if told.points_earned < 0:
        parts.append(f"took back {_points(-told.points_earned)}")
    if told.points_earned > 0:
        parts.append(f"gave {_points(told.points_earned)} more")
    if told.points_spent < 0:
        parts.append(f"gave back {_points(-told.points_spent)} that had been spent")
    goods = f"Goods of {money(abs(told.gross_minor), told.currency)} came back"
    said = f"{goods}; the return {_joined(parts)}." if parts else f"{goods}; no points moved."
    gone = [f"{count(e.count)} \N{MULTIPLICATION SIGN} {e.item}" for e in told.take_back]
    return f"{said} No longer earned: {_joined(gone)}." if gone else said


def _joined(parts: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _points(number: int) -> str:
    return "1 point" if number == 1 else f"{count(number)} points"


def _near(silent: int) -> str:
    """Of an unexplained receipt only the rules within reach are known."""
    if not silent:
        return ""
    return " 1 rule was within reach." if silent == 1 else f" {silent} rules were within reach."


def _none_held(silent: int) -> str:
    if not silent:
        return ""
    return ": its one rule did not hold" if silent == 1 else f": none of {silent} rules held"


def _quiet(silent: int) -> str:
    if not silent:
        return ""
    return " 1 rule gave nothing." if silent == 1 else f" {silent} rules gave nothing."
