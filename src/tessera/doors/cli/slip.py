"""An answer as a printed receipt: plain text, 42 columns, amounts in major units."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from tessera.base.money import in_words
from tessera.checkout.core import Answer, Balance
from tessera.rules.core.telling import EffectTold
from tessera.warehouse.core import PER, Line, Receipt, Return

WIDTH = 42
_RULE = "-" * WIDTH
_TITLES = {"quote": "QUOTE", "sale": "RECEIPT", "return": "RETURN"}
_LARGE = {"g": "kg", "ml": "l"}


def sold(receipt: Receipt, answer: Answer) -> str:
    """A quote or a sale, as the till would print it.

    shape   lines of at most 42 columns, without a newline at the end
    units   amounts in the currency's major unit, two decimals; points are whole
    errors  AssertionError if the answer is about another basket
    """
    assert len(answer.lines) == len(receipt.lines), "the answer speaks of these lines"
    return "\n".join(
        [
            *_head(answer.kind, receipt),
            *_goods(receipt.lines, answer),
            _RULE,
            *_sums(answer),
            *_things(answer),
            *_points(answer),
            *_why(answer),
        ]
    )


def returned(sale: Receipt, back: Return, answer: Answer) -> str:
    """A return, as the till would print it. Shape, units and errors as in `sold`."""
    assert len(answer.lines) == len(sale.lines), "the answer speaks of the sale's lines"
    goods = [
        _fit(_name(line), "back", _quantity(line, each.quantity))
        for each, line in ((each, sale.lines[each.line - 1]) for each in back.named())
    ] or [_fit("all that was left", "back")]
    sums = [_fit(f"REFUND {answer.currency}", _amount(answer.refund_minor))]
    if answer.points_earned:
        sums.append(_fit("points taken back", f"{answer.points_earned:+}"))
    if answer.points_spent:
        sums.append(_fit("points given back", f"{-answer.points_spent:+}"))
    for each in answer.take_back:
        what = f"{each.count} x {each.item}" if each.count > 1 else each.item
        sums.append(
            _fit(f"{each.kind} {what}", "void" if each.kind == "coupon" else "to give back")
        )
    head = _head("return", back)
    head.insert(-1, f"of receipt {sale.number}, {sale.happened_at:%Y-%m-%d}")
    return "\n".join([*head, *goods, _RULE, *sums, *_balance(answer.balance)])


def _head(kind: str, what: Receipt | Return) -> list[str]:
    card = what.card if isinstance(what, Receipt) else None
    return [
        _TITLES.get(kind, kind.upper()).center(WIDTH).rstrip(),
        _fit(f"{what.store} till {what.till}", f"no. {what.number}"),
        _fit(f"{what.happened_at:%Y-%m-%d %H:%M}", f"card {card}" if card else ""),
        _RULE,
    ]


def _goods(lines: Sequence[Line], answer: Answer) -> Iterator[str]:
    for line, price in zip(lines, answer.lines, strict=True):
        yield _fit(_name(line), _amount(price.total_minor), _quantity(line, line.quantity))
        for effect in answer.effects:
            share = dict(effect.lines).get(price.line, 0)
            if effect.kind == "discount" and share:
                yield _fit(f"  {effect.slip}", _amount(-share))


def _sums(answer: Answer) -> Iterator[str]:
    yield _fit("total", _amount(answer.gross_minor))
    off = sum(effect.given for effect in answer.effects if effect.kind == "discount")
    if off:
        yield _fit("discounts", _amount(-off))
    for effect in answer.effects:
        if effect.kind == "payment":
            yield _fit(effect.slip, _amount(-effect.given))
    yield _fit(f"TO PAY {answer.currency}", _amount(answer.to_pay_minor))


def _things(answer: Answer) -> Iterator[str]:
    """Gifts and coupons, which are handed over with the receipt."""
    for effect in answer.effects:
        if effect.kind in ("gift", "coupon"):
            yield _fit(effect.slip, str(effect.given))


def _points(answer: Answer) -> Iterator[str]:
    yield _RULE
    if answer.points_spent:
        yield _fit("points spent", f"{-answer.points_spent:+}")
    yield _fit("points earned", f"{answer.points_earned:+}")
    yield from _balance(answer.balance)
    if answer.could_spend is not None:
        could = answer.could_spend
        yield from _wrapped(f"{could.points} points could pay {_amount(could.minor)}")
    if answer.held_until is not None:
        yield from _wrapped(f"promised until {answer.held_until:%Y-%m-%d %H:%M} UTC")


def _balance(balance: Balance | None) -> Iterator[str]:
    if balance is None:
        return
    yield _fit("points you have", str(balance.balance))
    if balance.held:
        yield _fit("  of these kept for a quote", str(balance.held))
    if balance.debt:
        yield _fit("  owed", str(-balance.debt))


def _why(answer: Answer) -> Iterator[str]:
    """Which rule gave what and from which numbers; then the rules that gave nothing."""
    if answer.effects or answer.silent or answer.differences:
        yield _RULE
    for effect in answer.effects:
        yield from _wrapped(f"why {effect.rule}: {effect.screen}")
        yield from _wrapped(_numbers(effect), "    ")
        if effect.trimmed:
            yield from _wrapped(f"less than wished: {effect.trimmed}", "    ")
    for silent in answer.silent:
        yield from _wrapped(f"not {silent.rule}: {silent.why}")
    for difference in answer.differences:
        rule = difference.rule or "the whole"
        said, now = difference.quoted, difference.given
        yield from _wrapped(f"changed {rule}: {difference.what} {said} quoted, {now} given")


def _numbers(effect: EffectTold) -> str:
    """The numbers a rule counted with; minor units are told as money."""
    told = [
        f"{name.removesuffix('_minor').replace('_', ' ')} "
        + (_amount(value) if name.endswith("_minor") and isinstance(value, int) else str(value))
        for name, value in effect.numbers.items()
        if name != "count"
    ]
    return ", ".join([*told, f"version {effect.version}"])


def _name(line: Line) -> str:
    return line.name or line.sku


def _quantity(line: Line, units: int) -> str:
    if line.unit == "piece":
        return f" {units} x {_amount(line.unit_minor)}"
    per = PER[line.unit]
    return f" {units // per}.{units % per:03d} {_LARGE[line.unit]} x {_amount(line.unit_minor)}"


def _amount(minor: int) -> str:
    return in_words(minor, "").rstrip()


def _fit(left: str, right: str, tail: str = "") -> str:
    """Both ends of a row. What is too long is cut before `tail`; sums never are."""
    room = WIDTH - len(right) - 1
    space = room - len(tail)
    if len(left) > space:
        left = f"{left[: space - 1].rstrip()}…"
    return f"{left + tail:<{room}} {right}".rstrip()


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent="    ")
