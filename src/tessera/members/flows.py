"""What happens to members and cards. Every "no" is said before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.members import core, db
from tessera.members.core import CardBatch, Change, Member, NewMember, Owner, Registered
from tessera.members.likeness import flows as likeness
from tessera.warehouse.core import Identifier

_TRIES = 5  # a race is lost only to somebody who won it


async def register(
    conn: db.Conn, new: NewMember, now: datetime, member_id: UUID, account_id: UUID
) -> Registered | Refusal:
    """A person becomes a member; a card that earned before brings its account along.

    ids     used for a member who is new; a shadow keeps its own
    errors  card_not_issued, card_blocked, card_replaced, identifier_taken, merge_needed,
            born_on_impossible, try_again
    """
    refusal = core.born_fault(new.born_on, now.date())
    if refusal is not None:
        return refusal
    asked = tuple(dict.fromkeys(new.identifiers))
    assert asked, "the door asks for at least one identifier"
    for _ in range(_TRIES):
        known = await _settled(conn, asked)
        whose = core.registration(asked, known, await db.batches(conn))
        if isinstance(whose, Refusal):
            return whose
        into = whose or Owner(member_id, account_id, "active", False)
        missing = [identifier for identifier in asked if identifier not in known]
        if await _give(conn, missing, into, now, fresh=whose is None):
            await db.set_registered(conn, into.member_id, new, now)
            await likeness.note(conn, [into.member_id])
            return Registered(into.member_id, into.account_id, whose is not None)
    return _try_again()


async def add_identifier(
    conn: db.Conn, member_id: UUID, identifier: Identifier, now: datetime
) -> Owner | Refusal:
    """One more way to name a member; what the member has already is fine.

    errors  member_unknown, member_erased, card_not_issued, card_blocked, card_replaced,
            identifier_taken, merge_needed, try_again
    """
    member_id = await db.lock_current(conn, member_id)
    member = await db.read_member(conn, member_id)
    if member is None:
        return Refusal(
            "member_unknown", "member_id", f"there is no member {member_id}", "look the member up"
        )
    if member.erased_at is not None:
        return erased()
    mine = Owner(member.id, member.account_id, "active", member.registered_at is not None)
    for _ in range(_TRIES):
        owner = (await db.owners(await db.ask_owners(conn, [identifier]))).get(identifier)
        if owner is not None and owner.member_id == member_id:
            return owner
        refusal = core.unusable(identifier, owner, await db.batches(conn), "value")
        if refusal is None and owner is not None:
            refusal = Refusal(
                "merge_needed", "value", f"this {identifier.kind} has an account of its own",
                "use another, or merge the two: POST /v1/members/{member_id}/merge",
            )  # fmt: skip
        if refusal is not None:
            return refusal
        if await _give(conn, [identifier], mine, now, fresh=False):
            await likeness.note(conn, [member_id])
            return mine
    return _try_again()


async def change_member(conn: db.Conn, member_id: UUID, change: Change) -> Member | Refusal:
    """Something becomes known of a member.

    errors  member_unknown, member_erased, member_not_registered
    """
    member_id = await db.lock_current(conn, member_id)
    member = await db.read_member(conn, member_id)
    if member is None:
        return Refusal(
            "member_unknown", "member_id", f"there is no member {member_id}", "look the member up"
        )
    if member.erased_at is not None:
        return erased()
    if not await db.change(conn, member_id, change):
        return not_registered("attributes")
    if change.attributes:
        await likeness.note(conn, [member_id])
    return member


def erased() -> Refusal:
    """Whoever was erased never comes back under the old number."""
    return Refusal("member_erased", "member_id", "this member was erased",
                   "register the person anew, as somebody else")  # fmt: skip


def not_registered(field: str) -> Refusal:
    """Nothing can be known of a person whom nobody has named."""
    return Refusal(
        "member_not_registered", field, "nobody has said yet who this member is",
        "register the card first; favourites can be chosen before",
    )  # fmt: skip


async def block_card(conn: db.Conn, number: str, reason: str) -> UUID | Refusal:
    """The card neither earns nor spends until it is unblocked. Blocking again changes the reason.

    shape   the member whose card it is
    errors  card_unknown, card_replaced
    """
    return await _set_status(conn, number, "blocked", reason)


async def unblock_card(conn: db.Conn, number: str) -> UUID | Refusal:
    """The card works again. Errors: card_unknown, card_replaced."""
    return await _set_status(conn, number, "active", "")


async def replace_card(conn: db.Conn, old: str, new: str, now: datetime) -> UUID | Refusal:
    """The new card takes the old one's place: same member, same account. The old one is void.

    shape   the member
    errors  card_unknown, card_replaced, card_not_issued, identifier_taken (the new one is in use)
    """
    card = await db.find(conn, Identifier("card", old))
    if card is not None:
        await db.lock_members(conn, [card.owner.member_id])
        card = await db.find(conn, Identifier("card", old))
    if card is None or card.owner.status == "replaced":
        return await _no_card(conn, old)
    fresh = Identifier("card", new)
    refusal = core.not_issued(fresh, await db.batches(conn), "new")
    if refusal is not None:
        return refusal
    member = card.owner.member_id
    if not await db.add_identifiers(conn, [(fresh, member, card.owner.account_id)], now):
        return Refusal("identifier_taken", "new", f"card {new} is in use", "take an unused card")
    await db.set_status(conn, old, "replaced", f"by {new}")
    return member


async def issue_cards(
    conn: db.Conn, batch_id: UUID, prefix: str, count: int, label: str, now: datetime
) -> CardBatch | Refusal:
    """The next `count` numbers of a prefix. One row, whatever the count.

    errors  prefix_full; AssertionError unless 2-11 digits and 1 to 10 million (the door checks)
    """
    assert 2 <= len(prefix) <= 11 and prefix.isdecimal() and 1 <= count <= core.MAX_ISSUE
    await db.lock_issue(conn)
    first = core.next_serial(prefix, count, await db.batches(conn))
    if isinstance(first, Refusal):
        return first
    batch = CardBatch(batch_id, label, prefix, first, count, now)
    await db.add_batch(conn, batch)
    return batch


async def _settled(conn: db.Conn, asked: Sequence[Identifier]) -> dict[Identifier, Owner]:
    """Who owns these, with the owners held still, so that the answer stays true."""
    seen = await db.owners(await db.ask_owners(conn, asked))
    if not seen:
        return seen
    await db.lock_members(conn, [owner.member_id for owner in seen.values()])
    return await db.owners(await db.ask_owners(conn, asked))


async def _give(
    conn: db.Conn, missing: Sequence[Identifier], into: Owner, now: datetime, *, fresh: bool
) -> bool:
    """Give a member all of these, or, if somebody else was quicker with one, none."""
    if not missing:
        return True
    new = [(identifier, into.member_id, into.account_id) for identifier in missing]
    added = await db.add_identifiers(conn, new, now)
    if len(added) == len(missing):
        return True
    await db.drop_identifiers(conn, list(added), into.member_id)
    if fresh:
        await db.drop_member(conn, into.member_id)
    return False


async def _set_status(
    conn: db.Conn, number: str, status: core.Status, reason: str
) -> UUID | Refusal:
    member = await db.set_status(conn, number, status, reason)
    return member if member is not None else await _no_card(conn, number)


async def _no_card(conn: db.Conn, number: str) -> Refusal:
    card = await db.find(conn, Identifier("card", number))
    if card is None:
        return Refusal(
            "card_unknown", "number", f"card {number} was never used or registered",
            "check the number; a card without an owner needs neither a block nor a replacement",
        )  # fmt: skip
    return Refusal(
        "card_replaced", "number", f"card {number} was replaced {card.status_reason}",
        "use the card that took its place",
    )  # fmt: skip


def _try_again() -> Refusal:
    return Refusal(
        "try_again", "", "other calls kept changing the same identifiers", "send the call again"
    )
