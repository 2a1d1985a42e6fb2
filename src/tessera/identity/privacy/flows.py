"""What is held about a person is told whole, shown for a reason, and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.privacy import db as access_db
from tessera.access.sealing import flows as sealing
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.privacy import db as checkout_db
from tessera.checkout.privacy import flows as checkout
from tessera.checkout.statement import flows as statement
from tessera.identity.households import flows as households
from tessera.identity.privacy import core, db
from tessera.identity.privacy.core import Asking, Erased, Export
from tessera.ledger.core import MAIN
from tessera.members.households import db as households_db
from tessera.members.privacy import db as members_db
from tessera.members.privacy import flows as members
from tessera.rules.core.words import Program
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
        refusal = await _leave_household(conn, ids, asking, now)
        if refusal is not None:
            return refusal
    names = [each.value for each in await members_db.held(conn, ids)]
    await members.forget(conn, ids, now)
    await access_db.forget(conn, ids)
    for each in ids:
        await sealing.destroy(conn, each)
    if names:
        await warehouse_db.forget_quarantined(conn, names)
    await db.add_erasure(conn, ids, asking, now)
    if since is None and asking.by in ("retention", "replay"):  # else the call itself is the entry
        change = Change("member", ids[0], None, {"erased": True}, reason=asking.reason)
        await audit.note(conn, Entry(now, HOUSE, asking.by, change))
    return Erased(ids[0], tuple(ids), since or now, since is not None)


async def _leave_household(
    conn: db.Conn, ids: Sequence[UUID], asking: Asking, now: datetime
) -> Refusal | None:
    """Out of the household, if there is one. Errors: head_stays, open_holds."""
    household_id = await households_db.of_member(conn, ids[0])
    if household_id is None:
        return None
    ask = households.Ask(
        asking.id or new_id(), asking.principal_id or ids[0], None, now, asking.households,
        asking.lives,
    )  # fmt: skip
    left = await households.leave(conn, ask, household_id, ids[0])
    return left if isinstance(left, Refusal) else None


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


async def idle(
    conn: db.Conn, months: int, after: UUID, now: datetime
) -> tuple[list[UUID], UUID | None]:
    """Members who did nothing for so many months, of a page after an id.

    shape  (members, where the next page begins; None: this was the last)
    """
    since = datetime.combine(core.before_months(now.date(), months), time(), UTC)
    page = await members_db.idle(conn, since, after, PAGE)
    active = await checkout_db.active(conn, page, since)
    rest = None if len(page) < PAGE else max(page)
    return [member_id for member_id in page if member_id not in active], rest


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
