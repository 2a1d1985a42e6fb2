"""Merge two members, tell it, undo it: every room does its part in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from psycopg.errors import SerializationFailure

from tessera.access.privacy import db as access_privacy
from tessera.access.sealing import flows as sealing
from tessera.access.signing import db as signing_db
from tessera.access.signing.begun import db as begun
from tessera.base.refusal import Refusal
from tessera.budgets.apart import db as budgets
from tessera.checkout.flows import joining
from tessera.identity.merging import db
from tessera.identity.merging.db import Merge
from tessera.ledger.core import Life
from tessera.ledger.core.joining import Went
from tessera.members import db as members_db
from tessera.members.consents import db as consents_db
from tessera.members.consents import flows as consents
from tessera.members.consents.core import By, Consents
from tessera.members.likeness import flows as likeness
from tessera.members.merging import core
from tessera.members.merging import db as merging_db
from tessera.members.merging.core import Field, Keep, Sealed, Side, Standing
from tessera.members.removing import flows as removing
from tessera.rules.core.tiers import Ladder

_encode = msgspec.json.Encoder().encode
_sealed = msgspec.json.Decoder(Sealed)


class Ask(Struct, frozen=True):
    """Who merges or undoes it, when, why, under which id; `lives` is {currency: how points live}.

    principal  who does it; id: of the merge, or of its undoing
    declared   what the program asks members to agree to
    ladders    of the program, to undo it: levels are looked at again
    on         the day that it is in the shop; None: in UTC
    """

    id: UUID
    principal: UUID
    now: datetime
    reason: str
    lives: Mapping[str, Life]
    ladders: Mapping[str, Ladder] = {}
    on: date | None = None
    declared: Consents = Consents()

    @property
    def joining(self) -> joining.Ask:
        """For the accounts."""
        return joining.Ask(self.id, self.principal, self.now, self.lives, self.on)


class Merged(Struct, frozen=True):
    """A merge, with what went over in each currency (at an undoing: what went back)."""

    merge: Merge
    went: dict[str, Went]


async def merge(
    conn: db.Conn, ask: Ask, into: UUID, other: UUID, keep: Keep = "newer",
    fields: Mapping[Field, Side] | None = None,
) -> Merged | Refusal:  # fmt: skip
    """The other member is the same person as `into`, who stays. Either may be an old id.

    keep    whose fields stay; `fields` says it for single ones
    errors  member_unknown, already_merged, member_erased, in_household, open_holds;
            SerializationFailure if one was merged meanwhile: do it again
    """
    pair = await _pair(conn, into, other)
    if isinstance(pair, Refusal):
        return pair
    member, gone = pair
    done = await joining.join(conn, ask.joining, gone.account_id, member.account_id)
    if isinstance(done, Refusal):
        return done
    side = core.keeps(member.portrait, gone.portrait, keep)
    as_one = core.together(member.portrait, gone.portrait, side, fields or {})
    idle, other_idle = [await _idle(conn, ask, each.id) for each in pair]
    moved = await merging_db.move_all(conn, gone.id, member.id)
    # Devices of the other number sign in the one who stays, until the two are parted again.
    devices = await begun.move_passkeys(conn, gone.id, member.id)
    row = Merge(
        ask.id, member.id, gone.id, ask.id, side, ask.reason, ask.principal,
        await db.after(conn, [member.id, gone.id], ask.now),
        await _seal(conn, member.id, Sealed(member.portrait, merged=as_one, idle=idle)),
        await _seal(conn, gone.id, Sealed(
            gone.portrait, tuple(moved), since=tuple(moved.values()), passkeys=devices,
            idle=other_idle,
        )),
    )  # fmt: skip
    await merging_db.paint(conn, member.id, as_one)
    await merging_db.drop_person(conn, gone.id)
    await merging_db.lead(conn, gone.id, member.id)
    await consents.strictest(conn, member.id, gone.id, ask.id, ask.now)
    await _sign_out(conn, gone.id)
    await budgets.join(conn, row.id, gone.id, member.id, ask.now)
    await likeness.note(conn, [member.id, gone.id])
    await db.add(conn, row)
    return Merged(row, done.went)


async def undo(conn: db.Conn, ask: Ask, merge_id: UUID) -> Merged | Refusal:
    """They were two after all: each has again what it had, and what is left of its points.

    errors  merge_unknown, merge_undone, merge_covered, member_erased, open_holds
    """
    row = await db.hold(conn, merge_id)
    if row is None:
        return Refusal("merge_unknown", "merge_id", "there is no such merge", "check its id")
    if row.undone_at is not None:
        return Refusal("merge_undone", "merge_id", f"it was undone on {row.undone_at:%Y-%m-%d}",
                       "there is nothing left to undo")  # fmt: skip
    await members_db.lock_members(conn, sorted((row.member_id, row.other_id)))
    there = await merging_db.standings(conn, [row.member_id, row.other_id])
    refusal = await _undo_fault(conn, row, there)
    if refusal is not None:
        return refusal
    was = await _unseal(conn, row.member_id, row.was)
    other_was = await _unseal(conn, row.other_id, row.other_was)
    if was is None or other_was is None or was.merged is None:
        return _erased()
    done = await joining.part(conn, ask.joining, row.joining_id, ask.ladders)
    if isinstance(done, Refusal):
        return _covered("a household was joined since") if done.code == "joining_covered" else done
    now = there[row.member_id].portrait
    held = await merging_db.held(conn, row.member_id)
    back = core.going_back(other_was, row.merged_at, held)
    await merging_db.lead(conn, row.other_id, None)
    await merging_db.move(conn, back, row.member_id, row.other_id)
    await merging_db.paint(conn, row.member_id, core.apart(now, was.merged, was.portrait))
    await merging_db.paint(conn, row.other_id, other_was.portrait)
    await consents.withdraw_both(conn, row.member_id, row.other_id, row.id, row.merged_at)
    await consents.restore(conn, row.member_id, row.id, ask.now)
    await _end_unreached(conn, ask, row, row.member_id, was.idle)
    await _end_unreached(conn, ask, row, row.other_id, other_was.idle)
    await _part_devices(conn, row, other_was.passkeys)
    await budgets.part(conn, row.id, ask.now)
    await likeness.note(conn, [row.member_id, row.other_id])
    await db.undo(conn, row.id, ask.id, ask.principal, ask.now, ask.reason)
    undone = await db.read(conn, row.id)
    assert undone is not None, "it was undone just now"
    return Merged(undone, done.went)


async def _idle(conn: db.Conn, ask: Ask, member: UUID) -> tuple[tuple[str, str], ...]:
    lines = await removing.unreached(conn, member, ask.declared)
    return tuple((each.purpose, each.channel) for each in lines)


async def _end_unreached(
    conn: db.Conn, ask: Ask, row: Merge, member: UUID, idle: Sequence[tuple[str, str]]
) -> None:
    """A yes ends that reaches nobody now that they are two, as if its contact was taken off."""
    lines = [each for each in await removing.unreached(conn, member, ask.declared)
             if (each.purpose, each.channel) not in idle]  # fmt: skip
    await consents_db.add(conn, member, lines, By("staff", ask.now, ask.principal, str(row.id)))


async def _part_devices(conn: db.Conn, row: Merge, devices: Sequence[UUID]) -> None:
    """Each signs in anew: whoever came in while they were one may be either of the two."""
    await begun.give_passkeys(conn, devices, row.member_id, row.other_id)
    await begun.drop_passkeys_since(conn, row.member_id, row.merged_at)
    await _sign_out(conn, row.member_id, row.other_id)


async def _sign_out(conn: db.Conn, *members: UUID) -> None:
    """Sessions end, and codes on their way let nobody in."""
    for each in members:
        await signing_db.end_sessions(conn, each)
    await access_privacy.forget_challenges(conn, members)


async def is_known(conn: db.Conn, member_id: UUID) -> bool:
    """Whether there is, or was, a member of this id."""
    return bool(await merging_db.resolve_ids(conn, [member_id]))


async def _pair(
    conn: db.Conn, into: UUID, other: UUID
) -> tuple[Standing, Standing] | Refusal:  # fmt: skip
    """Both as they are known today, held still, if they may be merged."""
    leads = await merging_db.resolve_ids(conn, [into, other])
    for id_, field in ((into, "member_id"), (other, "other")):
        if id_ not in leads:
            return Refusal("member_unknown", field, f"there is no member {id_}",
                           "look the member up")  # fmt: skip
    ids = [leads[into], leads[other]]
    if ids[0] == ids[1]:
        return Refusal("already_merged", "other", "both are the same member by now",
                       "look the member up: the old id leads there")  # fmt: skip
    await members_db.lock_members(conn, sorted(ids))
    there = await merging_db.standings(conn, ids)
    if any(each.merged_into is not None for each in there.values()):
        raise SerializationFailure("one of them was merged by somebody else meanwhile")
    if any(each.erased for each in there.values()):
        return _erased()
    for id_, field in zip(ids, ("member_id", "other"), strict=True):
        if there[id_].household_id is not None:
            return Refusal(
                "in_household", field, "this member shares an account with a household",
                "let the member leave the household first",
            )  # fmt: skip
    return there[ids[0]], there[ids[1]]


async def _undo_fault(
    conn: db.Conn, row: Merge, there: Mapping[UUID, Standing]
) -> Refusal | None:  # fmt: skip
    last = await db.last(conn, [row.member_id])
    if last != row.id:
        return _covered(f"the member was merged again since: {last}")
    return _erased() if any(each.erased for each in there.values()) else None


def _covered(why: str) -> Refusal:
    return Refusal("merge_covered", "merge_id", why, "undo that first: the last comes apart first")


def _erased() -> Refusal:
    return Refusal(
        "member_erased", "", "one of them was erased: what each one had cannot be told any more",
        "adjust the points by hand",
    )  # fmt: skip


async def _seal(conn: db.Conn, member: UUID, told: Sealed) -> bytes:
    return await sealing.seal(conn, member, _encode(told))


async def _unseal(conn: db.Conn, member: UUID, sealed: bytes | None) -> Sealed | None:
    plain = None if sealed is None else await sealing.unseal(conn, member, sealed)
    return None if plain is None else _sealed.decode(plain)
