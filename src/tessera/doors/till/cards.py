"""Cards over HTTP: batches of numbers; cards blocked, unblocked, replaced."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.ids import new_id
from tessera.base.pages import after
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Operation
from tessera.doors.pages import (
    QUERY,
    Page,
    asked_limit,
    asked_page,
    page,
    unknown_cursor,
    uuid_of,
)
from tessera.doors.problems import Reply
from tessera.members import core, db, flows

SHEET_MOST = 100_000  # numbers in one file

CardNumber = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[!-~]+\Z")]
Prefix = Annotated[str, Meta(pattern=r"^[0-9]{2,11}\Z")]


class IssueCards(Struct, frozen=True, forbid_unknown_fields=True):
    """A run of fresh EAN-13 numbers: prefix, serial, check digit.

    prefix  2 to 11 digits; 20 to 29 are meant for use inside a shop
    count   how many numbers; they cost one row, so order all you print
    """

    prefix: Prefix
    count: Annotated[int, Meta(ge=1, le=core.MAX_ISSUE)]
    label: Name = ""


class CardBatch(Struct, frozen=True):
    """A run of issued numbers, from `first_number` to `last_number`."""

    batch_id: UUID
    label: str
    prefix: str
    count: int
    first_number: str
    last_number: str
    issued_at: datetime


class BlockCard(Struct, frozen=True, forbid_unknown_fields=True):
    """Why the card is blocked: lost, stolen, misused."""

    reason: Code


class ReplaceCard(Struct, frozen=True, forbid_unknown_fields=True):
    """The number of the card that takes the place: an issued one that nobody used."""

    new: CardNumber


class CardState(Struct, frozen=True):
    """A card, whose it is, and whether it works."""

    number: str
    member_id: UUID
    status: core.Status


async def issue_cards(call: Call) -> CardBatch | Refusal:
    """POST /v1/card-batches"""
    body: IssueCards = call.body
    batch = await flows.issue_cards(
        call.conn, new_id(), body.prefix, body.count, body.label, call.now
    )
    return batch if isinstance(batch, Refusal) else _batch(batch)


async def list_batches(call: Call) -> Page[CardBatch] | Refusal:
    """GET /v1/card-batches"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.list_batches(call.conn, last, limit + 1)
    return page(rows, limit, lambda batch: str(batch.id), _batch)


async def list_numbers(call: Call) -> Page[str] | Refusal:
    """GET /v1/card-batches/{batch_id}/numbers: the cursor is how many were read."""
    limit = asked_limit(call.query)
    read = after(call.query["cursor"], 1) if "cursor" in call.query else ("0",)
    if isinstance(limit, Refusal):
        return limit
    if isinstance(read, Refusal):
        return read
    if not (read[0].isascii() and read[0].isdecimal() and len(read[0]) <= 8):
        return unknown_cursor()
    batch_id = uuid_of(call.path["batch_id"])
    batch = None if batch_id is None else await db.read_batch(call.conn, batch_id)
    if batch is None:
        return _no_batch(call)
    start = int(read[0])
    numbers = list(enumerate(core.numbers(batch, start, limit + 1), start + 1))
    return page(numbers, limit, lambda row: str(row[0]), lambda row: row[1])


async def read_batch(call: Call) -> CardBatch | Refusal:
    """GET /v1/card-batches/{batch_id}"""
    batch_id = uuid_of(call.path["batch_id"])
    batch = None if batch_id is None else await db.read_batch(call.conn, batch_id)
    return _no_batch(call) if batch is None else _batch(batch)


async def sheet(call: Call) -> Reply | Refusal:
    """GET /v1/card-batches/{batch_id}/sheet: up to 100,000 numbers for a printer, a line each."""
    said = call.query.get("after", "0")
    if not (said.isascii() and said.isdecimal() and len(said) <= 8):
        return Refusal("query_invalid", "after", "this is no count of numbers",
                       "send how many numbers you have already")  # fmt: skip
    batch_id = uuid_of(call.path["batch_id"])
    batch = None if batch_id is None else await db.read_batch(call.conn, batch_id)
    if batch is None:
        return _no_batch(call)
    text = await asyncio.to_thread(_lines, batch, int(said))
    return Reply(200, text, media=b"text/csv; charset=utf-8; header=present")


def _lines(batch: core.CardBatch, start: int) -> bytes:
    return "\r\n".join(["number", *core.numbers(batch, start, SHEET_MOST), ""]).encode()


async def block_card(call: Call) -> CardState | Refusal:
    """POST /v1/cards/{number}/block"""
    number = call.path["number"]
    member = await flows.block_card(call.conn, number, call.body.reason)
    _noted(call, member, {"card": number, "status": "blocked"}, call.body.reason)
    return member if isinstance(member, Refusal) else CardState(number, member, "blocked")


async def unblock_card(call: Call) -> CardState | Refusal:
    """POST /v1/cards/{number}/unblock"""
    number = call.path["number"]
    member = await flows.unblock_card(call.conn, number)
    _noted(call, member, {"card": number, "status": "active"})
    return member if isinstance(member, Refusal) else CardState(number, member, "active")


async def replace_card(call: Call) -> CardState | Refusal:
    """POST /v1/cards/{number}/replace"""
    new = call.body.new
    member = await flows.replace_card(call.conn, call.path["number"], new, call.now)
    _noted(call, member, {"card": new, "in_place_of": call.path["number"]})
    return member if isinstance(member, Refusal) else CardState(new, member, "active")


def _no_batch(call: Call) -> Refusal:
    return Refusal(
        "batch_unknown", "batch_id", f"there is no batch {call.path['batch_id'][:40]}",
        "look it up in the list of batches",
    )  # fmt: skip


def _noted(call: Call, member: UUID | Refusal, after: dict[str, str], reason: str = "") -> None:
    """For the audit log: a card's number names a person, so it is sealed as that person's."""
    if not isinstance(member, Refusal):
        call.changed("member", member, None, after, person=member, reason=reason)


def _batch(batch: core.CardBatch) -> CardBatch:
    first = core.card_number(batch.prefix, batch.first)
    last = core.card_number(batch.prefix, batch.first + batch.count - 1)
    return CardBatch(batch.id, batch.label, batch.prefix, batch.count, first, last, batch.issued_at)


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "card.issue", "POST", "/v1/card-batches", issue_cards, CardBatch,
        "Issue a batch of card numbers", kind="writes", refresh=True, body=IssueCards, status=201,
        example={"prefix": "2900", "count": 5000, "label": "Spring print"},
    ),
    Operation(
        "card.batches", "GET", "/v1/card-batches", list_batches, Page[CardBatch],
        "List batches of card numbers", query=QUERY,
    ),
    Operation(
        "card.numbers", "GET", "/v1/card-batches/{batch_id}/numbers", list_numbers, Page[str],
        "List the numbers of a batch", query=QUERY,
    ),
    Operation(
        "card.batch", "GET", "/v1/card-batches/{batch_id}", read_batch, CardBatch,
        "Read a batch of card numbers",
    ),
    Operation(
        "card.sheet", "GET", "/v1/card-batches/{batch_id}/sheet", sheet, str,
        "The numbers of a batch as a file", query={"after": "how many numbers you have already"},
        media=("text/csv",),
    ),
    Operation(
        "card.block", "POST", "/v1/cards/{number}/block", block_card, CardState, "Block a card",
        kind="writes", body=BlockCard, example={"reason": "lost"},
    ),
    Operation(
        "card.unblock", "POST", "/v1/cards/{number}/unblock", unblock_card, CardState,
        "Let a blocked card work again", kind="writes",
    ),
    Operation(
        "card.replace", "POST", "/v1/cards/{number}/replace", replace_card, CardState,
        "Put a new card in the place of one", kind="writes", body=ReplaceCard,
        example={"new": core.card_number("2900", 1)},
    ),
)  # fmt: skip
