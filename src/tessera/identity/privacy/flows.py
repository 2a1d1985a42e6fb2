"""What is held about a person is told whole, shown for a reason, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.codes import flows as codes
from tessera.access.privacy import db as access_db
from tessera.access.sealing import flows as sealing
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.privacy import db as checkout_db
from tessera.checkout.privacy import flows as checkout
from tessera.checkout.statement import flows as statement
from tessera.identity.households import flows as households
from tessera.identity.merging import db as merging_db
from tessera.identity.privacy import core, db
from tessera.identity.privacy.core import Asking, Erased, Export
from tessera.ledger.core import MAIN
from tessera.members.households import db as households_db
from tessera.members.privacy import db as members_db
from tessera.members.privacy import flows as members
from tessera.members.privacy.db import Account
from tessera.referrals.privacy import db as referrals_db
from tessera.rewards.privacy import db as rewards_db
from tessera.rules.core.words import Program
from tessera.tiers.privacy import db as tiers_db
from tessera.warehouse.privacy import db as warehouse_db

PAGE = 200
HOUSE = Actor("system", None, "tessera")
_MOST_SIGHTS = 10_000
KEPT_DAYS = 35  # answers; afterwards nothing is compared with what a call said


def unknown(member_id: UUID | str) -> Refusal:
    """There is nobody under this number."""
    why = f"there is no member {member_id}"
    return Refusal("member_unknown", "member_id", why, "look the member up")


async def erase(
    conn: db.Conn, member_id: UUID, asking: Asking, now: datetime
) -> Erased | Refusal:  # fmt: skip
    """The person goes, the number stays: under it nothing is found but receipts and points.

    Whoever was merged into this member goes too. Asked twice it is once.

    A household is left first, with what came along and is left of it.

    errors  member_unknown; of a household: head_stays, open_holds
    """
    ids = await members_db.numbers(conn, member_id)
    if not ids:
        return unknown(member_id)
    since = await members_db.erased_since(conn, ids)
    if since is None and not asking.stays:
        refusal = await leave_household(conn, ids, asking, now)
        if refusal is not None:
            return refusal
    names = await members_db.held(conn, ids)
    await members.forget(conn, ids, now)
    await rewards_db.forget(conn, ids)
    await referrals_db.forget(conn, ids)
    own = [each.id for each in await members_db.accounts(conn, ids) if not each.shared]
    await access_db.forget(conn, ids, own)
    for each in ids:
        await sealing.destroy(conn, each)
    await codes.forget_homes(conn, [(each.kind, each.value) for each in names])
    if names:
        await warehouse_db.forget_quarantined(conn, names, asking.customers)
    await db.add_erasure(conn, ids, asking, now)
    if since is None and asking.by in ("retention", "replay"):  # else the call itself is the entry
        change = Change("member", ids[0], None, {"erased": True}, reason=asking.reason)
        await audit.note(conn, Entry(now, HOUSE, asking.by, change))
    return Erased(ids[0], tuple(ids), since or now, since is not None)


async def leave_household(
    conn: db.Conn, ids: Sequence[UUID], asking: Asking, now: datetime
) -> Refusal | None:
    """Out of the household, if there is one. Errors: head_stays, open_holds."""
    household_id = await households_db.of_member(conn, ids[0])
    if household_id is None:
        return None
    ask = households.Ask(
        asking.id or new_id(), asking.principal_id or ids[0], None, now, asking.households,
        asking.lives, asking.ladders,
    )  # fmt: skip
    left = await households.leave(conn, ask, household_id, ids[0])
    return left if isinstance(left, Refusal) else None


async def export(conn: db.Conn, member_id: UUID, currency: str, now: datetime) -> Export | Refusal:
    """Everything held about a member. Errors: member_unknown."""
    ids = await members_db.numbers(conn, member_id)
    if not ids:
        return unknown(member_id)
    on = await members_db.accounts(conn, ids)
    held = await members_db.told(conn, ids) | await checkout.told(
        conn, ids, [each.id for each in on], currency
    )
    held |= await rewards_db.told(conn, ids) | await referrals_db.told(conn, ids)
    held |= await tiers_db.told(
        conn, ids, [each.id for each in on if each.now or not each.shared]
    )  # fmt: skip
    own = {each["id"] for each in [*held["receipts"], *held["events"]]}
    held |= await _points(conn, on, own, now)
    alone = {each.id for each in on if not each.shared}
    held |= await rewards_db.held(
        conn, [each.id for each in on],
        lambda account, outcome: account in alone or str(outcome) in own,
    )  # fmt: skip
    held |= await checkout_db.held(conn, list(alone))
    merges = [merge for each in ids for merge in await merging_db.of_member(conn, each)]
    held["merges"] = [
        {"id": str(each.id), "merged_at": each.merged_at, "undone_at": each.undone_at}
        for each in {each.id: each for each in merges}.values()
    ]
    about = [*ids, *(each.id for each in on if not each.shared), *(each.id for each in merges)]
    held |= await access_db.told(conn, ids, about)
    seen = await db.sights(conn, ids, None, _MOST_SIGHTS)
    held["seen_by"] = [
        {"seen_at": each.seen_at, "by": each.principal_kind, "fields": each.fields,
         "reason": each.reason}
        for each in seen
    ]  # fmt: skip
    return Export(ids[0], now, msgspec.to_builtins(held))


async def sights(
    conn: db.Conn, member_id: UUID, before: UUID | None, most: int
) -> list[core.Sight] | Refusal:
    """Who saw personal data of a person, under any number. Errors: member_unknown."""
    ids = await members_db.numbers(conn, member_id)
    return await db.sights(conn, ids, before, most) if ids else unknown(member_id)


async def _points(
    conn: db.Conn, on: Sequence[Account], own: set[str], now: datetime
) -> dict[str, Any]:
    """{points, moves}. Of what is shared with others only what is one's own: the balance as long as
    one is in the household, and the moves of one's own receipts and events.

    own  ids of these
    """
    points, moves = [], []
    for each in on:
        told = msgspec.to_builtins(await statement.points(conn, each.id, now))
        if each.now or not each.shared:
            points.append(told)
        found = await _moves(conn, each.id, told["wallets"])
        moves += [move for move in found if not each.shared or move["operation_id"] in own]
    return {"points": points, "moves": moves}


async def forget_old(conn: db.Conn, said: Program, now: datetime) -> dict[str, int]:
    """One page of what retention takes away besides members.

    shape  {what: how many}; while `calls` is above 0 there may be more
    """
    privacy = said.privacy
    quarantined = now - timedelta(days=privacy.quarantine_days)
    return {
        "calls": await access_db.blank_old_calls(conn, now - timedelta(days=KEPT_DAYS), PAGE),
        "quarantined": await warehouse_db.forget_old_quarantined(conn, quarantined),
        "sights": await db.forget_sights(conn, now - timedelta(days=privacy.sights_days)),
    }


async def erase_idle(
    conn: db.Conn, member_id: UUID, months: int, asking: Asking, now: datetime
) -> Erased | Refusal | None:
    """Erase a member who, as is seen once he is held still, did nothing for so many months.

    shape   None: he did something
    errors  those of `erase`
    """
    since = idle_since(months, now)
    ids = await members_db.numbers(conn, member_id)
    accounts = [each.id for each in await members_db.accounts(conn, ids)]
    if await access_db.active(conn, ids, since):
        return None
    if await checkout_db.active(conn, ids, accounts, since):
        return None
    return await erase(conn, member_id, asking, now)


def idle_since(months: int, now: datetime) -> datetime:
    """The beginning of the day so many months ago (UTC)."""
    return datetime.combine(core.before_months(now.date(), months), time(), UTC)


async def _moves(
    conn: db.Conn, account: UUID, wallets: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Every move, wallet by wallet, the newest first."""
    told: list[dict[str, Any]] = []
    for currency in [each["currency"] for each in wallets] or [MAIN]:
        word: str | None = None
        while True:
            page = await statement.moves(conn, account, currency, word, PAGE)
            assert not isinstance(page, Refusal), "the cursor is ours"
            told += [{"currency": currency} | msgspec.to_builtins(each) for each in page.items]
            word = page.next
            if word is None:
                break
    return told
