"""Whether the ways in which points may leave fit together, and what the program has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from math import prod

from tessera.ledger.core.ways import Bounds, Donating, Rate, Transfers
from tessera.program.core.clocks import check_zone
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Program

Way = tuple[str, str]  # of, into
# What of a donation its event can tell, and as what.
_TOLD = {"points": ("integer",), "minor": ("integer",), "cause": ("text", "choice")}
_COUNTED = "status"  # what it counts is earned by buying alone


def check_ways(filler: Filler, program: Program, doubtful: frozenset[str]) -> None:
    """Note every fault of `transfers` and `adjustments`.

    doubtful  settings with mistakes of their own: what is not in them is no fault
    """
    offered = program.transfers
    if offered is not None:
        check_zone(filler, offered.time_zone, "transfers")
        for path, bounds in _bounds(offered):
            _check_bounds(filler, bounds, path)
        if "currencies" not in doubtful:
            _check_rates(filler, program, offered)
            _check_gain(filler, offered)
        if offered.donate is not None and offered.donate.event and "events" not in doubtful:
            _check_event(filler, program, offered.donate)
    check_zone(filler, program.adjustments.time_zone, "adjustments")
    if program.households is not None:
        check_zone(filler, program.households.time_zone, "households")
    most, day = program.adjustments.most, program.adjustments.per_principal_day
    if most is not None and day is not None and day < most:
        why = f"{day} on a day is below {most} in one go"
        filler.fault("adjustments.per_principal_day", why, "exchange them")


def _bounds(offered: Transfers) -> Iterator[tuple[str, Bounds]]:
    for name in ("transfer", "gift", "donate"):
        way: Bounds | None = getattr(offered, name)
        if way is not None:
            yield f"transfers.{name}", way
    for i, rate in enumerate(offered.exchange):
        yield f"transfers.exchange[{i}]", rate


def _check_bounds(filler: Filler, bounds: Bounds, path: str) -> None:
    """From small to large; at least one amount is possible."""
    sizes = [
        (name, size)
        for name in ("least", "most", "per_day", "per_month")
        if (size := getattr(bounds, name)) is not None
    ]
    for (small, below), (large, above) in pairwise(sizes):
        if below > above:
            why = f"{small} {below} is above {large} {above}"
            filler.fault(f"{path}.{small}", why, "exchange them")
    step, most = bounds.step, bounds.most
    if most is not None and step > 1 and most // step * step < bounds.least:
        why = f"no multiple of {step} lies between {bounds.least} and {most}"
        filler.fault(f"{path}.step", why, "take a smaller step")


def _check_event(filler: Filler, program: Program, way: Donating) -> None:
    """The house posts it by itself: of its fields it can fill in what a donation has."""
    path, event = "transfers.donate.event", program.events.get(way.event)
    if event is None:
        filler.fault(path, f"there is no event {way.event}", "declare it under `events`")
        return
    for name, field in event.fields.items():
        if name not in _TOLD and field.required:
            filler.fault(path, f"nobody fills in the field {name} of {way.event}",
                         "write `required: false` there")  # fmt: skip
        if name in _TOLD and field.type not in _TOLD[name]:
            filler.fault(path, f"the field {name} of {way.event} is {field.type}",
                         f"write `type: {_TOLD[name][0]}` there")  # fmt: skip
        if name == "cause" and field.type == "choice" and not {*way.causes} <= {*field.values}:
            filler.fault(path, f"the field cause of {way.event} has not every cause",
                         "name them all in its `values`, or write `type: text`")  # fmt: skip


def _check_rates(filler: Filler, program: Program, offered: Transfers) -> None:
    seen: set[tuple[str, str]] = set()
    for i, rate in enumerate(offered.exchange):
        path = f"transfers.exchange[{i}]"
        if rate.of == rate.into:
            filler.fault(f"{path}.into", "both sides are the same currency", "name another one")
        elif (rate.of, rate.into) in seen:
            filler.fault(path, "there is a rate for this way already", "keep one of them")
        seen.add((rate.of, rate.into))
        _check_sides(filler, program, rate, path)
        if rate.most is not None and rate.most < rate.give:
            why = f"at most {rate.most} points go, {rate.give} are needed"
            filler.fault(f"{path}.most", why, f"write {rate.give} or more")


def _check_gain(filler: Filler, offered: Transfers) -> None:
    """Whoever exchanges points round in a circle has no more of them in the end."""
    rates = {
        (rate.of, rate.into): (Fraction(rate.get, rate.give), i)
        for i, rate in reversed(list(enumerate(offered.exchange)))
        if rate.of != rate.into
    }
    while circle := _gaining({way: worth for way, (worth, _) in rates.items()}):
        first, *_, i = sorted(rates[way][1] for way in circle)
        while rates[circle[0]][1] != first:  # told from the rate that is written first
            circle = [*circle[1:], circle[0]]
        worth = prod((rates[way][0] for way in circle), start=Fraction(1))
        names = [of or "points" for of, _ in circle]
        why = f"{' > '.join([*names, names[0]])}: {worth.denominator} become {worth.numerator}"
        cure = "raise a `give` or lower a `get` of these until no more come out than went in"
        filler.fault(f"transfers.exchange[{i}].get", why[:300], cure)
        rates = {way: rate for way, rate in rates.items() if rate[1] != i}


def _gaining(rates: Mapping[Way, Fraction]) -> list[Way]:
    """A circle of exchanges that makes more of what goes in; empty if there is none.

    source  Bellman and Ford, by products; exact
    """
    most = dict.fromkeys([currency for way in rates for currency in way], Fraction(1))
    came: dict[str, str] = {}
    better: str | None = None
    for _ in list(most):
        better, before = None, dict(most)
        for (of, into), worth in rates.items():
            if before[of] * worth > most[into]:
                most[into], came[into], better = before[of] * worth, of, into
        if better is None:
            break
    if better is None:
        return []
    for _ in most:  # from what is better still, back into the circle that made it so
        better = came[better]
    circle, at = [(came[better], better)], came[better]
    while at != better:
        circle.append((came[at], at))
        at = came[at]
    return circle[::-1]


def _check_sides(filler: Filler, program: Program, rate: Rate, path: str) -> None:
    for name, currency in (("of", rate.of), ("into", rate.into)):
        if currency not in program.lives:
            why = f"there is no currency {currency}"
            filler.fault(f"{path}.{name}", why, "add it to `currencies`")
        elif program.ways.kind(currency) == _COUNTED:
            why = f"{currency} counts for a status: it is not exchanged"
            filler.fault(f"{path}.{name}", why, "name another currency")
