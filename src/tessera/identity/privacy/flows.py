"""What is held about a person is told whole, shown for a reason, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.privacy import db as access_db
from tessera.access.sealing import flows as sealing
from tessera.base.refusal import Refusal
from tessera.checkout.privacy import db as checkout_db
from tessera.checkout.privacy import flows as checkout
from tessera.checkout.statement import flows as statement
from tessera.identity.privacy import core, db
from tessera.identity.privacy.core import Asking, Erased, Export
from tessera.ledger.core import MAIN
from tessera.members.privacy import db as members_db
from tessera.members.privacy.core import Privacy
from tessera.warehouse.privacy import db as warehouse_db

PAGE = 200
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

    errors  member_unknown
    """
    ids = await members_db.numbers(conn, member_id)
    if not ids:
        return unknown(member_id)
    since = await members_db.erased_since(conn, ids)
    names = [each.value for each in await members_db.held(conn, ids)]
    await members_db.forget(conn, ids, now)
    await access_db.forget(conn, ids)
    for each in ids:
        await sealing.destroy(conn, each)
    if names:
        await warehouse_db.forget_quarantined(conn, names)
    await db.add_erasure(conn, ids, asking, now)
    return Erased(ids[0], tuple(ids), since or now, since is not None)


async def export(conn: db.Conn, member_id: UUID, currency: str, now: datetime) -> Export | Refusal:
    """Everything held about a member. Errors: member_unknown."""
    ids = await members_db.numbers(conn, member_id)
    if not ids:
        return unknown(member_id)
    accounts = await members_db.accounts(conn, ids)
    held = await members_db.told(conn, ids) | await access_db.told(conn, ids)
    held["points"] = [
        msgspec.to_builtins(await statement.points(conn, each, now)) for each in accounts
    ]
    held["moves"] = [
        move
        for each in held["points"]
        for move in await _moves(conn, UUID(each["account_id"]), each["wallets"])
    ]
    held |= await checkout.told(conn, ids, accounts, currency)
    held["seen_by"] = msgspec.to_builtins(await db.sights(conn, ids, None, _MOST_SIGHTS))
    return Export(ids[0], now, held)


async def forget_old(conn: db.Conn, privacy: Privacy, now: datetime) -> dict[str, int]:
    """One page of what retention takes away.

    shape  {what: how many}; while `calls` or `members` is above 0 there may be more
    """
    quarantined = now - timedelta(days=privacy.quarantine_days)
    months = privacy.forget_idle_months
    return {
        "calls": await access_db.blank_old_calls(conn, now - timedelta(days=KEPT_DAYS), PAGE),
        "quarantined": await warehouse_db.forget_old_quarantined(conn, quarantined),
        "sights": await db.forget_sights(conn, now - timedelta(days=privacy.sights_days)),
        "members": 0 if months is None else await _erase_idle(conn, months, now),
    }


async def _erase_idle(conn: db.Conn, months: int, now: datetime) -> int:
    """Erase a page of those who did nothing for so long; how many they were."""
    asking = Asking("retention", f"nothing for {months} months")
    since = datetime.combine(core.before_months(now.date(), months), time(), UTC)
    after, gone = UUID(int=0), 0
    while gone < PAGE:
        idle = await members_db.idle(conn, since, after, PAGE)
        active = await checkout_db.active(conn, idle, since)
        for member_id in idle:
            if member_id not in active:
                await erase(conn, member_id, asking, now)
                gone += 1
        if len(idle) < PAGE:
            break
        after = max(idle)
    return gone


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
