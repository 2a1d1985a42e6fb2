"""Whose plastic card it is, over HTTP: a receipt of it proves it; nobody is told what was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.core import ROLES
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.checkout.claims import db as claims_db
from tessera.checkout.claims.db import Slip
from tessera.doors.call import Call, Operation
from tessera.doors.till.privacy import stale
from tessera.identity.flows import Ask, merge
from tessera.members import core
from tessera.members import db as members_db
from tessera.members import flows as members
from tessera.members.core import Owner
from tessera.members.joining import flows
from tessera.members.joining.core import RECENT_DAYS
from tessera.warehouse.core import Identifier


class ClaimCard(Struct, frozen=True, forbid_unknown_fields=True):
    """A card to add to one's own. One that was used needs a receipt of the last half year.

    Without one: one card that was never used, in a year.
    """

    card: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")]
    receipt: Slip | None = None


class CardClaimed(Struct, frozen=True):
    """The card is the member's."""

    member_id: UUID
    card: str


async def claim(call: Call, number: str, slip: Slip | None) -> Owner | Refusal | None:
    """Whose shadow's card somebody may take: None for a card that was never used.

    The try is counted and kept before anything is looked at, on a connection of its own: also a
    call that is refused has tried. Errors: too_many_tries, card_not_proved.
    """
    assert call.house is not None, "the door is a house's"
    async with call.house.upkeep.connection() as own:
        refusal = await flows.take_try(own, number, call.address, call.now)
    if refusal is not None:
        return refusal
    card = Identifier("card", number)
    found = await members_db.find(call.conn, card)
    if found is None:
        return await _unused(call, number)
    since = call.now - timedelta(days=RECENT_DAYS)
    shown = slip is not None and await claims_db.sold(
        call.conn, found.owner.account_id, slip, since
    )
    if not shown or found.owner.registered or found.owner.status != "active":
        return flows.not_shown()
    return found.owner


async def began_elsewhere(call: Call, account_id: UUID) -> Refusal | None:
    """Whether a partner takes over what did not begin in its stores: that proves nothing.

    A receipt that it posts itself would prove nothing either, so the first one counts. Everybody
    else at a counter has the card in hand, and the house's word. Errors: card_not_proved.
    """
    stores = call.principal.stores or ()
    if not _is_partners(call, stores):
        return None
    if await claims_db.began_in(call.conn, account_id, stores) is not False:
        return None
    refusal = flows.not_shown()
    cure = "register without it: the member adds it with a receipt, or where it was used first"
    return Refusal(refusal.code, "identifiers", refusal.why, cure)


def _is_partners(call: Call, stores: Sequence[str]) -> bool:
    """Whether a key is a partner's: by its role, or an own one in partners' stores alone."""
    assert call.house is not None
    if call.principal.role in ROLES:
        return call.principal.role == "partner"
    partners = call.house.shop().program.partners.values()
    return bool(stores) and {store for each in partners for store in each.stores}.issuperset(stores)


async def _unused(call: Call, number: str) -> Refusal | None:
    """A card without a history: whoever asks gets a few; somebody else was handed them."""
    assert call.house is not None
    if not core.in_batch(number, await members_db.batches(call.conn)):
        return flows.not_shown()
    async with call.house.upkeep.connection() as own:
        return await flows.take_unused_here(own, call.address, call.now)


async def claim_mine(call: Call) -> CardClaimed | Refusal:
    """POST /v1/me/cards"""
    if not call.principal.fresh(call.now):
        return stale("a card, which spends, is added by who has proved within ten minutes")
    body: ClaimCard = call.body
    mine = call.principal.id
    owner = await claim(call, body.card, body.receipt)
    if isinstance(owner, Refusal):
        return owner
    done = await (_add(call, body.card) if owner is None else _join(call, owner))
    if done is not None:
        return done
    call.changed("member", mine, None, {"card": body.card}, person=mine)
    return CardClaimed(mine, body.card)


async def _add(call: Call, number: str) -> Refusal | None:
    """A card that was never used: one of a member's in a year."""
    refusal = await flows.take_unused(call.conn, call.principal.id, call.now)
    if refusal is not None:
        return refusal
    card = Identifier("card", number)
    done = await members.add_identifier(call.conn, call.principal.id, card, call.now)
    return done if isinstance(done, Refusal) else None


async def _join(call: Call, shadow: Owner) -> Refusal | None:
    """A card with points of its own: whoever was behind it was this member all along."""
    assert call.house is not None, "the door is a house's"
    lives, declared = call.house.lives(call.now), call.house.shop().program.consents
    why = "the card was proved by a receipt"
    ask = Ask(new_id(), call.principal.id, call.now, why, lives, declared=declared)
    done = await merge(call.conn, ask, call.principal.id, shadow.member_id)
    return done if isinstance(done, Refusal) else None


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "me.card", "POST", "/v1/me/cards", claim_mine, CardClaimed, "Add a card to one's own",
        kind="writes", body=ClaimCard,
        example={"card": "2900000000094"},
    ),
)  # fmt: skip
