"""Orders of codes: made piece by piece, handed out once, revoked. Whoever calls commits."""

from __future__ import annotations

import secrets
import struct
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from msgspec import Struct

from tessera.base import installation
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.members.households import db as households_db
from tessera.rewards.coupons.core import codes
from tessera.rewards.coupons.core.words import Batch
from tessera.rewards.coupons.flows import unveiled, veiled
from tessera.rewards.coupons.office import db
from tessera.rewards.coupons.office.db import Found, Own
from tessera.rules.core.coupons import Coupon

PIECE = 100_000  # codes that are made in one transaction
PAGE = 50_000  # codes that are handed out at once
AGAIN = timedelta(hours=1)  # so long the page that was handed out last may be asked for again
OWN_MOST = 200  # of a member's own coupons the newest are shown
_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_BEFORE, _END = struct.pack(">hi", 2, 16), struct.pack(">h", -1)


class Order(Struct, frozen=True):
    """What is ordered: so many codes of a kind, and the days on which they count."""

    kind: str
    count: int
    label: str
    starts: date | None
    ends: date | None


async def order(
    conn: db.Conn, wanted: Order, kinds: dict[str, Coupon], by: str, now: datetime
) -> Batch | Refusal:
    """An order; its codes are made piece by piece, by whoever calls `make`.

    errors  coupon_unknown, coupon_word, coupon_personal, dates_reversed
    """
    coupon = kinds.get(wanted.kind)
    refusal = _order_fault(wanted, coupon)
    if refusal is not None or coupon is None:
        return refusal or _no_kind(wanted.kind)
    made = Batch(
        id=new_id(), number=0, kind=wanted.kind, label=wanted.label, given=False,
        count=wanted.count, made=0, uses=coupon.uses, starts=wanted.starts, ends=wanted.ends,
        made_at=now, made_by=by, exported=0, cursor=None, page_from=None, page_at=None,
        revoked_at=None, revoked_by=None, reason=None,
    )  # fmt: skip
    await db.add_batch(conn, made)
    return made


def _order_fault(wanted: Order, coupon: Coupon | None) -> Refusal | None:
    if coupon is None:
        return _no_kind(wanted.kind)
    if coupon.code is not None:
        return Refusal(
            "coupon_word", "kind", f"{wanted.kind} is one word for everybody: {coupon.code}",
            "tell people the word, or declare a kind without `code`",
        )  # fmt: skip
    if coupon.personal:
        return Refusal(
            "coupon_personal", "kind", f"coupons of {wanted.kind} are given to their member",
            "let a rule give them, or declare a kind that is not `personal`",
        )  # fmt: skip
    if wanted.starts and wanted.ends and wanted.ends < wanted.starts:
        return Refusal(
            "dates_reversed", "ends", f"it ends on {wanted.ends}, before {wanted.starts}",
            "exchange the days",
        )  # fmt: skip
    return None


def _no_kind(kind: str) -> Refusal:
    return Refusal(
        "coupon_unknown", "kind", f"the program has no coupon {kind}",
        "declare it under `coupons`, or name one that is there",
    )  # fmt: skip


async def make(conn: db.Conn, batch_id: UUID, most: int = PIECE) -> int:
    """Make a piece of an order; how many codes, 0 if it is whole.

    errors  UniqueViolation, once in a thousand million codes: roll back and do it again
    """
    held = await db.batch(conn, batch_id, hold=True)
    if held is None or held.given or held.revoked_at is not None or held.made >= held.count:
        return 0
    count = min(most, held.count - held.made)
    await db.load_codes(conn, _rows(count, held.number), held.number, count)
    return count


def _rows(count: int, number: int) -> bytes:
    """Fresh codes as the table takes them, in their order: pages of its index are met once."""
    chance = secrets.token_bytes(8 * count)
    mask = (1 << codes.BITS) - 1
    fresh = [int.from_bytes(chance[at : at + 8]) & mask for at in range(0, 8 * count, 8)]
    raw = installation.here().veil(codes.blocks(fresh))
    ordered = sorted(raw[at : at + 16] for at in range(0, len(raw), 16))
    after = struct.pack(">ii", 4, number)
    return b"".join((_HEAD, _BEFORE, (after + _BEFORE).join(ordered), after, _END))


async def hand_out(
    conn: db.Conn, batch_id: UUID, now: datetime, *, again: bool, most: int = PAGE
) -> tuple[Batch, Sequence[str]] | Refusal:
    """The next codes of an order, each once; none when all were handed out.

    again   the page that was handed out last, within an hour: it did not arrive
    errors  batch_unknown, batch_revoked, batch_unfinished, page_gone
    """
    held = await db.batch(conn, batch_id, hold=True)
    if held is None or held.given:
        return _no_batch(batch_id)
    refusal = _hand_out_fault(held, now, again=again)
    if refusal is not None:
        return refusal
    if again:
        found = await db.page_again(conn, held)
    else:
        found = await db.page(conn, held.number, held.cursor, most)
        if found:
            await db.handed_out(conn, held, found, now)
    told = await db.batch(conn, batch_id)
    assert told is not None, "it is held"
    return told, [codes.spelled(number) for number in unveiled(found)]


def _hand_out_fault(held: Batch, now: datetime, *, again: bool) -> Refusal | None:
    if held.revoked_at is not None:
        return Refusal(
            "batch_revoked", "batch_id", "the codes of this order were called back",
            "order new ones",
        )  # fmt: skip
    if held.made < held.count:
        return Refusal(
            "batch_unfinished", "batch_id", f"{held.made} of {held.count} codes are made",
            "ask again when all are there",
        )  # fmt: skip
    if again and (held.page_at is None or now - held.page_at > AGAIN):
        return Refusal(
            "page_gone", "again", "codes are handed out once, and again within an hour only",
            "ask for the next ones; what did not arrive is replaced by a new order",
        )  # fmt: skip
    return None


def _no_batch(batch_id: UUID) -> Refusal:
    return Refusal(
        "batch_unknown", "batch_id", f"there is no batch {batch_id}",
        "look it up in the list of batches",
    )  # fmt: skip


async def revoke(
    conn: db.Conn, batch_id: UUID, by: str, reason: str, now: datetime
) -> tuple[Batch, bool] | Refusal:
    """Nothing of an order counts any more: (it, whether that is new). Errors: batch_unknown."""
    new = await db.revoke(conn, batch_id, by, reason, now)
    told = await db.batch(conn, batch_id)
    return _no_batch(batch_id) if told is None or told.given else (told, new)


async def of_member(conn: db.Conn, member_id: UUID) -> list[tuple[str, Own]]:
    """A member's own coupons, the newest first: (code as it is read, what is known of it)."""
    numbers = [number for _, number in await households_db.numbers(conn, [member_id])]
    own = await db.of_member(conn, numbers, OWN_MOST)
    spelled = [codes.spelled(number) for number in unveiled(each.row.code for each in own)]
    return list(zip(spelled, own, strict=True))


async def find(conn: db.Conn, number: int) -> Found | None:
    """What is known of a code."""
    return await db.find(conn, veiled([number])[0])
