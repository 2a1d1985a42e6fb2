"""What a receipt or an event adds to its account's history. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from tessera.rules.core.engine import RETURN
from tessera.rules.core.plan import DISCOUNTS, POINTS
from tessera.rules.core.words import Effect, Story
from tessera.warehouse.core import Line

ALL = ""  # the scope of everything that was bought
# Marks end so many days before they are made; a change of so many days ago drops those after it.
# The day between is for processes whose clocks do not agree.
SETTLED, _LATE = timedelta(days=4), timedelta(days=3)
_TOTALS = {"points": POINTS, "discount": DISCOUNTS}


class Tally(NamedTuple):
    """times  receipts, events, or receipts on which a rule gave
    units  pieces, a weighed line being one
    amount minor units after discounts; of a rule, whatever it gives
    """

    times: int = 0
    units: int = 0
    amount: int = 0


class Change(NamedTuple):
    """What becomes of one scope of an account on one day at one store."""

    account_id: UUID
    scope: str
    day: date
    store_id: str
    more: Tally


Contents = dict[str, Tally]


def of_receipt(
    lines: Sequence[Line], story: Story, kept: Sequence[int] | None, skus: Collection[str],
    capped: Collection[str],
) -> Contents:  # fmt: skip
    """{scope: what the receipt, or the kept part of it, is in it}.

    kept    units of each line that stay sold; None: all. Nothing kept is {}
    skus    articles that are counted by article; capped: rules whose giving is counted
    """
    off = [0] * len(lines)
    minor_of_all, units_of_all = story.gross_minor, 0
    for effect in story.effects:
        if effect.kind == "discount":
            minor_of_all -= effect.given
            for number, share in effect.lines:
                off[number - 1] += share
    found: dict[str, list[int]] = {}
    for i, line in enumerate(lines):
        quantity = line.quantity if kept is None else kept[i]
        if not quantity:
            continue
        units = quantity if line.unit == "piece" else 1
        units_of_all += units
        scopes = [f"c:{line.category}"] if line.category else []
        if skus and line.sku in skus:
            scopes.append(f"s:{line.sku}")
        if scopes:
            _add(found, scopes, units, _costs(line, quantity) - off[i])
    contents = {ALL: Tally(1, units_of_all, minor_of_all)} if units_of_all else {}
    contents.update((scope, Tally(*sums)) for scope, sums in found.items())
    contents.update(_given(story.effects, capped))
    return contents


def of_event(kind: str, story: Story, capped: Collection[str]) -> Contents:
    """{scope: what an event of this kind is in it}."""
    return {f"e:{kind}": Tally(1)} | _given(story.effects, capped)


def counted(contents: Contents) -> tuple[str, ...]:
    """The scopes that are there because the deciding program asked for them; kept beside it."""
    return tuple([scope for scope in contents if scope[:2] in ("s:", "g:")])


def named(sort: str, scopes: Iterable[str]) -> frozenset[str]:
    """The articles (s:) or rules (g:) among scopes that were `counted`."""
    return frozenset([scope[2:] for scope in scopes if scope.startswith(sort)])


def changes(
    account_id: UUID | None, day: date, store_id: str, after: Contents,
    before: Contents | None = None,
) -> list[Change]:  # fmt: skip
    """What is written when a day's receipt is `after` where it was `before`; nobody's: nothing."""
    if account_id is None:
        return []
    if not before:
        return [Change(account_id, scope, day, store_id, more) for scope, more in after.items()]
    found = []
    for scope in dict.fromkeys((*before, *after)):
        (a, b, c), (x, y, z) = after.get(scope, Tally()), before.get(scope, Tally())
        more = Tally(a - x, b - y, c - z)
        if any(more):
            found.append(Change(account_id, scope, day, store_id, more))
    return found


def late(some: Iterable[Change], today: date) -> dict[UUID, date]:
    """{account: the first day that changes}, of those so long ago that a mark may lie after it."""
    found: dict[UUID, date] = {}
    for change in some:
        if change.day <= today - _LATE:
            found[change.account_id] = min(change.day, found.get(change.account_id, change.day))
    return found


def _costs(line: Line, quantity: int) -> int:
    total, sold = line.total(), line.quantity
    return total if quantity == sold else (2 * total * quantity + sold) // (2 * sold)


def _add(found: dict[str, list[int]], scopes: Sequence[str], units: int, minor: int) -> None:
    for scope in scopes:
        sums = found.get(scope)
        if sums is None:
            found[scope] = [1, units, minor]
        else:
            sums[1] += units
            sums[2] += minor


def _given(effects: Sequence[Effect], capped: Collection[str]) -> Contents:
    if not capped:
        return {}
    amounts: dict[str, int] = {}
    for effect in effects:
        if not effect.given or effect.rule == RETURN:
            continue
        total = f"{POINTS} {effect.unit}" if effect.unit else _TOTALS.get(effect.kind)
        for rule in (effect.rule, total):
            if rule in capped:
                amounts[f"g:{rule}"] = amounts.get(f"g:{rule}", 0) + effect.given
    return {scope: Tally(1, 0, amount) for scope, amount in amounts.items()}
