"""What can be taken off a member, and by whom. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.members.consents.core import By, Consents
from tessera.members.core import Held
from tessera.warehouse.core import Identifier

CONTACTS = ("phone", "email")


class Asking(Struct, frozen=True):
    """Who takes it off, and what the program says of consents.

    own  the member himself
    """

    by: By
    declared: Consents
    own: bool


class Taken(Struct, frozen=True):
    """It names this member no more."""

    member_id: UUID
    identifier: Identifier


def stays(
    held: Held, others: Sequence[Held], *, own: bool, passkeys: int
) -> Refusal | None:  # fmt: skip
    """Why this one stays with the member.

    others    what else names the member; passkeys: how many devices let the member in without it
    errors    card_stays, identifier_fixed, last_way
    """
    if held.identifier.kind == "card":
        return Refusal("card_stays", "identifier_id", "a card is not taken off a member",
                       "block it, or put another one in its place")  # fmt: skip
    if not own:
        return None
    if held.identifier.kind not in CONTACTS:
        return Refusal("identifier_fixed", "identifier_id", "only staff take this one off",
                       "ask in one of the shops")  # fmt: skip
    way_in = any(each.identifier.kind in CONTACTS for each in others)
    card = any(each.identifier.kind == "card" and each.status == "active" for each in others)
    if way_in or card or passkeys:
        return None
    return Refusal("last_way", "identifier_id", "without it nothing would lead to your account",
                   "add another phone, address, card or passkey first")  # fmt: skip


def unknown() -> Refusal:
    """The refusal of what is not the member's, or no more."""
    return Refusal("identifier_unknown", "identifier_id", "nothing of this id names the member",
                   "read the member: each identifier has its id")  # fmt: skip
