"""Points outstanding at an instant, and how a period changed them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct

OWN = frozenset(("pending", "active", "debt"))  # buckets of a wallet; all others are the program's
KINDS: Mapping[str, str] = {
    "issued": "earned", "spent": "spent", "expired": "expired", "reversed": "reversed",
    "sent": "transferred", "exchanged": "transferred", "donated": "transferred",
    "adjusted": "adjusted", "carried_over": "carried_over", "joined": "transferred",
}  # fmt: skip


class Kept(NamedTuple):
    """Points in lots of one age that expire in one month.

    months   since they were earned, whole
    expires  the month of their last day as 2026-12; "" never
    """

    currency: str
    months: int
    expires: str
    points: int


class Flow(NamedTuple):
    """Points that went one way; `before` the period or in it."""

    currency: str
    source: str
    target: str
    before: bool
    points: int


class Change(Struct, frozen=True):
    """How a period changed the balances: opening + all others = closing.

    spent        below zero; what returns gave back counts against it
    transferred  to and from members and other currencies, and donated
    carried_over  from another program
    """

    opening: int = 0
    earned: int = 0
    spent: int = 0
    expired: int = 0
    reversed: int = 0
    transferred: int = 0
    adjusted: int = 0
    carried_over: int = 0
    closing: int = 0


class Aged(Struct, frozen=True):
    """Points in lots that were earned so many whole months before."""

    months: int
    points: int


class Expiring(Struct, frozen=True):
    """Points in lots whose last day is in a month, such as 2026-12; `never`: in none."""

    month: str
    points: int


class Outstanding(Struct, frozen=True):
    """All points of one currency at an instant. balance = active + pending - debt.

    by_age, by_expiry  active and pending ones, parted in two ways
    """

    currency: str
    active: int
    pending: int
    debt: int
    balance: int
    by_age: tuple[Aged, ...]
    by_expiry: tuple[Expiring, ...]
    change: Change


def outstanding(kept: Iterable[Kept], flows: Iterable[Flow]) -> list[Outstanding]:
    """By currency, the program's own points first."""
    ages: dict[str, Counter[int]] = {}
    months: dict[str, Counter[str]] = {}
    for lots in kept:
        ages.setdefault(lots.currency, Counter())[lots.months] += lots.points
        months.setdefault(lots.currency, Counter())[lots.expires or "never"] += lots.points
    by_currency: dict[str, list[Flow]] = {}
    for flow in flows:
        by_currency.setdefault(flow.currency, []).append(flow)
    return [
        _of(
            currency, mine,
            tuple(Aged(*each) for each in sorted(ages.get(currency, Counter()).items())),
            tuple(Expiring(*each) for each in sorted(months.get(currency, Counter()).items())),
        )
        for currency, mine in sorted(by_currency.items())
    ]  # fmt: skip


def _of(
    currency: str, flows: list[Flow], by_age: tuple[Aged, ...], by_expiry: tuple[Expiring, ...]
) -> Outstanding:
    there = {bucket: sum(_into(flow, {bucket}) for flow in flows) for bucket in OWN}
    change = Counter[str]()
    for flow in flows:
        points = _into(flow, OWN)
        if flow.before:
            change["opening"] += points
        elif points:
            change[KINDS[flow.source if points > 0 else flow.target]] += points
        elif (flow.source, flow.target) == ("expired", "spent"):
            change["expired"] += flow.points
            change["spent"] -= flow.points
    balance = sum(there.values())
    told = Change(**change | {"closing": balance})
    return Outstanding(
        currency, there["active"], there["pending"], -there["debt"], balance, by_age, by_expiry,
        told,
    )  # fmt: skip


def _into(flow: Flow, buckets: Iterable[str]) -> int:
    return flow.points * ((flow.target in buckets) - (flow.source in buckets))
