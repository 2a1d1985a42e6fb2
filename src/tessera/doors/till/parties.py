"""Whose points a call is about: named by card, by another identifier, or by account."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call
from tessera.doors.pages import uuid_of
from tessera.doors.till.checkout import find_member
from tessera.ledger.joining import db as joining_db
from tessera.members import db as members_db
from tessera.warehouse.core import Identifier


class Party(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One of `card` (the short form), `identifier` and `account_id` (as `identify` answers it)."""

    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")] | None = None
    identifier: Identifier | None = None
    account_id: UUID | None = None


class Found(Struct, frozen=True):
    """An account, and whether a registered member has it; who, where a member was named."""

    account_id: UUID
    registered: bool
    member_id: UUID | None = None


async def find_party(call: Call, party: Party, field: str) -> Found | Refusal:
    """The account that is named, by a card that works. Refusals name the field inside `field`."""
    found = await _find(call, party)
    if isinstance(found, Refusal):
        return msgspec.structs.replace(found, field=f"{field}.{found.field}".rstrip("."))
    return found


async def _find(call: Call, party: Party) -> Found | Refusal:
    if party.account_id is not None:
        if party.card is not None or party.identifier is not None:
            return Refusal("member_not_named", "account_id", "the member is named twice",
                           "send one of card, identifier, account_id")  # fmt: skip
        return await find_account(call, party.account_id, "account_id")
    card = await find_member(call, party)
    if isinstance(card, Refusal):
        return card
    if card.owner.status != "active":
        named = "card" if party.card is not None else "identifier"
        return Refusal(f"card_{card.owner.status}", named, f"this card is {card.owner.status}",
                       "ask for another card")  # fmt: skip
    return Found(card.owner.account_id, card.owner.registered, card.owner.member_id)


async def find_account(call: Call, account_id: UUID, field: str) -> Found | Refusal:
    """An account that somebody has, or the one it was joined to. Errors: account_unknown."""
    account_id = await joining_db.current(call.conn, account_id)
    registered = await members_db.account_registered(call.conn, account_id)
    if registered is None:
        return Refusal("account_unknown", field, "nobody has this account",
                       "send the id that `identify` answers")  # fmt: skip
    return Found(account_id, registered)


async def account_in_path(call: Call, *, follow: bool = True) -> UUID | Refusal:
    """The account in the address, or the one it was joined to. Errors: account_unknown.

    follow  no: what an account that is gone did itself is asked for
    """
    account_id = uuid_of(call.path["account_id"])
    if account_id is None:
        return Refusal("account_unknown", "account_id", "this is no id",
                       "send the id that `identify` answers")  # fmt: skip
    found = await find_account(call, account_id, "account_id")
    if isinstance(found, Refusal):
        return found
    return found.account_id if follow else account_id
