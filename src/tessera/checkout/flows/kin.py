"""What lies with accounts that were joined with the one an operation is about.

Only for wallets that say so (`has_kin`): who was never joined costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from tessera.base.clock import day_start, local
from tessera.checkout import db
from tessera.checkout.core.case import Case
from tessera.checkout.flows.items import Item
from tessera.ledger.core import Move, wallet_id
from tessera.ledger.joining import db as joining_db
from tessera.ledger.joining import flows as joining
from tessera.members.households import db as households_db
from tessera.warehouse.core import Receipt


async def add_kin(conn: db.Conn, items: Sequence[Item], moves: dict[UUID, list[Move]]) -> None:
    """For returns: what a sale and its returns moved in other wallets of the clan, and their lots.

    moves  {wallet: its moves}, put in the order in which they were posted
    law    the lots of the clan keep their ids, so moves of all of them read as those of one wallet
    """
    back = [item for item in items if item.sold is not None and _has_kin(item.case)]
    if not back:
        return
    clans = await joining_db.kin(conn, [item.account_id for item in back if item.account_id])
    for item in back:
        assert item.case is not None and item.case.wallet is not None and item.sold is not None
        others = clans.get(item.case.wallet.account_id, [])
        outcomes = [item.sold.row.id, *item.sold.returns]
        for unit, wallet in {"": item.case.wallet, **item.case.others}.items():
            kin = [wallet_id(each, unit) for each in others]
            if kin:
                await joining.gather(conn, wallet, kin, outcomes, moves)


async def accounts_of(conn: db.Conn, cases: Iterable[Case]) -> dict[UUID, list[UUID]]:
    """{account of a case: itself and those that are joined to it now}."""
    cases = list(cases)
    own = {case.wallet.account_id: case.wallet for case in cases if case.wallet is not None}
    asked = [id_ for id_, wallet in own.items() if wallet.has_kin]
    found = await joining_db.below(conn, asked) if asked else {}
    return {id_: [id_, *found.get(id_, [])] for id_ in own}


async def know_limits(conn: db.Conn, asking: Iterable[tuple[Case, Receipt]]) -> None:
    """What those who share an account may spend today; the accounts are locked by now."""
    shared = [
        (case, case.owner)
        for case, receipt in asking
        if receipt.spend is not None and case.owner is not None and _has_kin(case)
    ]
    if not shared:
        return
    limits = await households_db.limits(conn, [owner.member_id for _, owner in shared])
    bound = [(case, owner) for case, owner in shared if owner.member_id in limits]
    if not bound:
        return
    numbers = await households_db.numbers(conn, list({owner.member_id for _, owner in bound}))
    asked = [
        (n, (owner.account_id, number, _today(case)))
        for n, (case, owner) in enumerate(bound)
        for member, number in numbers
        if member == owner.member_id
    ]
    spent = [0] * len(bound)
    found = await db.spent_by(conn, [whose for _, whose in asked])
    for (n, _), points in zip(asked, found, strict=True):
        spent[n] += points
    for (case, owner), points in zip(bound, spent, strict=True):
        case.limit = points, limits[owner.member_id]


def _today(case: Case) -> datetime:
    said = case.program.households
    zone = said.time_zone if said is not None else "UTC"
    return day_start(local(case.now, zone).date(), zone)


def _has_kin(case: Case | None) -> bool:
    return case is not None and case.wallet is not None and case.wallet.has_kin
