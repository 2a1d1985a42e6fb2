"""What an operation does to points besides what rules decide: they wait, live and wake. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tessera.checkout.core.case import Case
from tessera.checkout.core.words import Event
from tessera.ledger import core as ledger
from tessera.ledger.core import Life, Stamp, Wallet, key_of_event
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
        ledger.earn(wallet, stamp, next(case.ids), points, terms)


def awaken(case: Case, stamp: Stamp, event: Event) -> dict[str, int]:
    """{currency: points that had waited for this event and can be spent from now on}."""
    found: dict[str, int] = {}
    for unit, life in case.program.lives.items():
        wallet = case.wallet if not unit else case.others.get(unit)
        pending = life.pending
        if wallet is None or pending is None or pending.event != event.type:
            continue
        key = key_of_event(event.type, str(event.data.get(pending.field, "")))
        points = ledger.ripen_due(wallet, stamp, stamp.happened_at, life.net_debt, key)
        if points:
            found[unit] = points
    return found
