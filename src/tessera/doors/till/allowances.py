"""Allowances over HTTP: what a till may let a card spend while it is cut off."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.access.core import allowed
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.text import Code
from tessera.checkout.offline import flows as offline
from tessera.checkout.offline.core import Allowance as Row
from tessera.doors.call import Call, Operation
from tessera.doors.till.checkout import find_member
from tessera.members.households import db as households_db
from tessera.rules.core.settings import Offline
from tessera.warehouse.core import Identifier


class AskAllowance(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """For which card, at which till. One of `card` (the short form) and `identifier`."""

    store: Code
    till: Code
    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    identifier: Identifier | None = None


class Allowance(Struct, frozen=True):
    """What this till may let the member spend while it is cut off. It names no person.

    step    so many points pay `worth_minor`, at most `max_percent` of what points may pay
    token   these terms, signed: sent with every receipt that spends under them
    """

    allowance_id: UUID
    store: str
    till: str
    points: int
    step: int
    worth_minor: int
    max_percent: int
    issued_at: datetime
    valid_until: datetime
    token: str


class AllowanceKey(Struct, frozen=True):
    """Checks a token `terms.signature`: Ed25519 over the terms' bytes, each part in base64url."""

    algorithm: str
    public_key: str


async def issue(call: Call) -> Allowance | Refusal:
    """Give a till an allowance for a card, in place of the one it had for this member.

    Of all that a till was given for a member, the points of the newest alone are there: asking
    again adds nothing. `tills` of the program says how many tills may have one at a time. Who
    may spend only so much on a day gets no more than that.
    """
    body: AskAllowance = call.body
    assert call.house is not None
    setting = call.house.shop().program.offline
    refusal = allowed(call.principal, "allowance.issue", body.store) or _fault(call, setting)
    if refusal is not None:
        return refusal
    found = await find_member(call, body)
    if isinstance(found, Refusal):
        return found
    owner, field = found.owner, "card" if body.card else "identifier"
    if owner.status != "active":
        why = f"this card is {owner.status}"
        return Refusal(f"card_{owner.status}", field, why, "ask for another card")
    if not (owner.registered or call.house.shop().program.shadows_spend):
        return Refusal(
            "not_registered", field, "points can be spent once the card is registered",
            "register the member first",
        )  # fmt: skip
    row = Row(
        id=new_id(), account_id=owner.account_id, store=body.store, till=body.till, points=0,
        used=0, step=1, worth_minor=1, max_percent=100, issued_at=call.now, valid_until=call.now,
    )  # fmt: skip
    assert setting is not None, "the fault was told above"
    limit = (await households_db.limits(call.conn, [owner.member_id])).get(owner.member_id)
    if limit is not None:
        setting = replace(setting, points=min(setting.points, limit))
    made = await offline.issue(call.conn, setting, row, body.card or "")
    if isinstance(made, Refusal):
        return made
    given, token = made
    return Allowance(
        given.id, given.store, given.till, given.points, given.step, given.worth_minor,
        given.max_percent, given.issued_at, given.valid_until, token,
    )  # fmt: skip


def _fault(call: Call, setting: Offline | None) -> Refusal | None:
    assert call.house is not None
    if call.body.store not in call.house.shop().stores:
        return Refusal("store_unknown", "store", "there is no such store", "create the store first")
    if setting is None:
        return Refusal(
            "offline_not_offered", "", "this program lets no points be spent while cut off",
            "sell without `spend`, or publish a program that says `offline`",
        )  # fmt: skip
    return None


async def key(call: Call) -> AllowanceKey:
    """The public key of all allowances' signatures."""
    raw = await offline.public_key(call.conn, call.now)
    return AllowanceKey("Ed25519", base64.urlsafe_b64encode(raw).rstrip(b"=").decode())


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "allowance.issue", "POST", "/v1/allowances", issue, Allowance,
        "Allow a till to let a card spend while it is cut off", kind="writes", body=AskAllowance,
        status=201, example={"card": "2900000000018", "store": "S1", "till": "1"},
    ),
    Operation(
        "allowance.key", "GET", "/v1/allowances/key", key, AllowanceKey,
        "The key that checks allowances",
    ),
)  # fmt: skip
