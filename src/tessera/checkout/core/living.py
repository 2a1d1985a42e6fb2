"""What an operation does to points besides what rules decide: they wait, live and wake. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import msgspec

from tessera.checkout.core.case import Case
from tessera.checkout.core.words import Event
from tessera.ledger import core as ledger
from tessera.ledger.core import Life, Pending, Stamp, Wallet, key_of_event
from tessera.rules.core.facts import Value
from tessera.rules.core.words import Program


def begin(case: Case, stamp: Stamp) -> None:
    """Post what time has done to the account by then; rolling points live on from here.

    Whoever comes first posts it: an operation, or the run that looks for what is due.
    """
    zone = case.store.time_zone
    for unit, life in case.program.lives.items():
        wallet = case.wallet if not unit else case.others.get(unit)
        if wallet is None:
            continue
        pass_time(case, wallet, stamp, life)
        until = life.alive_until(stamp.happened_at, zone)
        if until is not None:
            if wallet.loaded:
                ledger.expire(wallet, stamp, stamp.happened_at, case.ids.__next__)
            ledger.stay_alive(wallet, until)


def pass_time(case: Case, wallet: Wallet, stamp: Stamp, life: Life) -> None:
    """Post what has become active by then, and what a season has carried over.

    Other points that have expired are left to the run: they cannot be spent, and a receipt that
    comes late may still spend what it could when it happened.
    """
    if not wallet.loaded:
        return
    if life.expiry is not None and life.expiry.seasons:
        # What is carried over is not the receipt's own, for a return to take back.
        stamp = replace(stamp, outcome_id=next(case.ids))
        ledger.post_due(wallet, stamp, life, case.ids.__next__)
    elif wallet.pending:
        ledger.ripen_due(wallet, stamp, stamp.happened_at, life.net_debt)


def earn(
    case: Case, program: Program, stamp: Stamp, earned: Mapping[str, int], about: str
) -> None:  # fmt: skip
    """Open a lot for what was earned in each currency.

    program  whose settings say how long they wait and live
    about    the number of the receipt or event: what pending points may wait for names it
    """
    for unit, points in earned.items():
        wallet = case.wallet_in(unit)
        assert wallet is not None, "points are earned by somebody"
        terms = program.lives[unit].terms(stamp.happened_at, case.store.time_zone, about)
        if unit in case.heard:
            terms = msgspec.structs.replace(terms, waiting=None)
        ledger.earn(wallet, stamp, next(case.ids), points, terms)


def gone_already(case: Case) -> int:
    """Points that the operation has earned and that had expired before it was posted."""
    if case.wallet is None:
        return 0
    return sum(
        lot.points for lot in case.wallet.new_lots
        if lot.outcome_id == case.outcome_id and lot.expires_at and lot.expires_at <= case.now
    )  # fmt: skip


def waiting_for(program: Program, event: str = "") -> list[tuple[str, Life, Pending]]:
    """(currency, life, how its points wait) of those that wait for an event, or for this one."""
    return [
        (unit, life, life.pending)
        for unit, life in program.lives.items()
        if life.pending is not None and life.pending.event
        and (not event or life.pending.event == event)
    ]  # fmt: skip


def named_in(data: Mapping[str, Value], pending: Pending) -> str:
    """The number or id of the receipt that an event is about."""
    return str(data.get(pending.field, ""))


def heard_of(
    program: Program, told: Iterable[tuple[str, Mapping[str, Value]]], names: Collection[str]
) -> frozenset[str]:
    """The currencies whose points need not wait: the event about their receipt has come before it.

    told   type and data of events
    names  by which the receipt can be meant: its number, its id
    """
    told = list(told)
    return frozenset(
        unit
        for unit, _, pending in waiting_for(program)
        if any(kind == pending.event and named_in(data, pending) in names for kind, data in told)
    )


def awaken(case: Case, stamp: Stamp, event: Event) -> dict[str, int]:
    """{currency: points that had waited for this event and can be spent from now on}."""
    found: dict[str, int] = {}
    for unit, life, pending in waiting_for(case.program, event.type):
        wallet = case.wallet if not unit else case.others.get(unit)
        meant = case.meant.get(named_in(event.data, pending))
        if wallet is None or meant is None:
            continue
        key = key_of_event(event.type, meant.number)
        points = ledger.ripen_due(
            wallet, stamp, stamp.happened_at, life.net_debt, key, meant.outcomes
        )  # fmt: skip
        if points:
            found[unit] = points
    return found
