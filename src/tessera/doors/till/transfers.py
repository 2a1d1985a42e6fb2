"""What is done with points besides receipts, over HTTP: sent, donated, exchanged, put right."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.access.core import store_of
from tessera.base.refusal import Refusal
from tessera.base.text import MAX_MINOR, Code, OptionalCode, Points
from tessera.checkout.core import Balance
from tessera.checkout.flows import reading
from tessera.doors.call import Call, Operation
from tessera.doors.till.donating import owe_event
from tessera.doors.till.parties import Found, Party, find_party
from tessera.ledger.core.ways import OperationKind, member_since
from tessera.ledger.giving import flows
from tessera.ledger.giving.db import Row
from tessera.members.households import db as households_db
from tessera.members.showing.core import is_code, needed
from tessera.rules.core.words import Program

Instant = Annotated[datetime, Meta(tz=True)]
LONGEST_LIFE = timedelta(days=36_525)  # of points; what shall live for ever says nothing


class SendPoints(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points from one member to another, as the program's `transfers` allow it.

    store     where it is asked for; a till's own unless it is said
    sender    at a till: by the card that is shown
    currency  left out: the program's own points
    """

    kind: Literal["transfer", "gift"] = "transfer"
    sender: Party
    receiver: Party
    points: Points
    currency: OptionalCode = ""
    store: Code | None = None


class Donate(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points go to a cause that the program names."""

    member: Party
    points: Points
    cause: Code
    currency: OptionalCode = ""


class Exchange(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points of one currency become points of another; "" is the program's own.

    points  at most so many leave: what fits no full step of the rate stays
    """

    member: Party
    points: Points
    of: OptionalCode = ""
    into: OptionalCode = ""


class Adjust(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points are put right by hand.

    points      above zero they are put in, below zero taken out
    reason      a code; one that the program declares, if it declares any
    owing       what is taken out and is not there is owed; else it is refused
    expires_at  of what is put in; left out: as points earned now
    """

    member: Party
    points: Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR)]
    reason: Code
    currency: OptionalCode = ""
    owing: bool = False
    expires_at: Instant | None = None


class Extend(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Points that would expire before an instant live until another one.

    What has expired stays expired. Points that live with activity are left alone.
    """

    member: Party
    before: Instant
    until: Instant
    reason: Code
    currency: OptionalCode = ""


class Operated(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What was done. It names no person.

    points      left `account_id`; of an extension: live longer
    to_points   came to `to_account_id`, in `to_currency`
    fee_points  of those that left, that did not arrive
    balance     where `account_id` stands after it, in `currency`
    """

    operation_id: UUID
    kind: OperationKind
    account_id: UUID
    currency: str = ""
    points: int
    to_account_id: UUID | None = None
    to_currency: str = ""
    to_points: int = 0
    fee_points: int = 0
    cause: str = ""
    reason: str = ""
    happened_at: datetime
    balance: Balance


async def send(call: Call) -> Operated | Refusal:
    """Send points to another member, or give them. A till needs the sender's card."""
    body: SendPoints = call.body
    refusal = _till_fault(call, body)
    if refusal is not None:
        return refusal
    sender = await _spender(call, body.sender, "sender")
    if isinstance(sender, Refusal):
        return sender
    receiver = await find_party(call, body.receiver, "receiver")
    if isinstance(receiver, Refusal):
        return receiver
    sent = flows.Sent(body.kind, sender.account_id, receiver.account_id, body.currency, body.points)
    return await _told(call, await flows.send(call.conn, asking(call), sent))


def _till_fault(call: Call, body: SendPoints) -> Refusal | None:
    """A till sends in its own store only, and only for somebody who shows a card."""
    assert call.house is not None
    store = store_of(call.principal, "transfer.send", body.store)
    if isinstance(store, Refusal):
        return store
    if store is not None and store not in call.house.shop().stores:
        return Refusal("store_unknown", "store", "there is no such store", "create the store first")
    if call.principal.scope("transfer.send") == "own_store" and body.sender.card is None:
        return Refusal("card_not_shown", "sender.card", "a till sends for the card it sees",
                       "send the sender's `card`")  # fmt: skip
    return _shown_fault(call, body)


def _shown_fault(call: Call, body: SendPoints) -> Refusal | None:
    """Where points are spent with the phone's code, they are given away with it too."""
    at_till = call.principal.scope("transfer.send") == "own_store"
    if not at_till or _program(call).spends_by is None or is_code(body.sender.card or ""):
        return None
    return msgspec.structs.replace(needed(), field="sender.card")


async def donate(call: Call) -> Operated | Refusal:
    """Give points to a cause."""
    body: Donate = call.body
    found = await _spender(call, body.member, "member")
    if isinstance(found, Refusal):
        return found
    made = await flows.donate(
        call.conn, asking(call), found.account_id, body.currency, body.points, body.cause
    )
    if not isinstance(made, Refusal):
        await owe_event(call, made, found.member_id)
    return await _told(call, made)


async def exchange(call: Call) -> Operated | Refusal:
    """Exchange points of one currency for another at the program's rate."""
    body: Exchange = call.body
    found = await _spender(call, body.member, "member")
    if isinstance(found, Refusal):
        return found
    made = await flows.exchange(
        call.conn, asking(call), found.account_id, body.of, body.into, body.points
    )
    return await _told(call, made)


async def adjust(call: Call) -> Operated | Refusal | Awaiting:
    """Put points in or take them out by hand, for a reason."""
    body: Adjust = call.body
    refusal = _adjust_fault(call, body)
    if refusal is not None:
        return refusal
    found = await find_party(call, body.member, "member")
    if isinstance(found, Refusal):
        return found
    since = member_since(call.now)
    beside = await households_db.beside(call.conn, found.account_id, since)
    asked = flows.Adjusted(
        found.account_id, body.currency, body.points, body.reason, body.owing, body.expires_at,
        tuple(beside),
    )  # fmt: skip
    made = await flows.adjust(call.conn, asking(call), asked)
    return made if isinstance(made, Awaiting) else await _told(call, made)


def _adjust_fault(call: Call, body: Adjust) -> Refusal | None:
    if body.points == 0:
        return Refusal("amount_refused", "points", "nothing would be moved",
                       "send points above or below zero")  # fmt: skip
    ends = body.expires_at
    if ends is not None and (body.points < 0 or not call.now < ends <= call.now + LONGEST_LIFE):
        return Refusal(
            "expiry_impossible", "expires_at",
            "only points put in expire, in the future, within a hundred years",
            "send a later or nearer time, or leave it out",
        )  # fmt: skip
    return None


async def extend(call: Call) -> Operated | Refusal:
    """Let points live longer that would expire before a date."""
    body: Extend = call.body
    if not call.now < body.before < body.until <= call.now + LONGEST_LIFE:
        return Refusal(
            "expiry_impossible", "until",
            "now, `before` and `until` do not follow each other, within a hundred years",
            "send a `before` in the future and an `until` after it",
        )  # fmt: skip
    found = await find_party(call, body.member, "member")
    if isinstance(found, Refusal):
        return found
    asked = flows.Lengthened(found.account_id, body.currency, body.before, body.until, body.reason)
    return await _told(call, await flows.lengthen(call.conn, asking(call), asked))


async def _spender(call: Call, party: Party, field: str) -> Found | Refusal:
    """Who may let points go: a registered member, or anybody where shadows may spend."""
    found = await find_party(call, party, field)
    if isinstance(found, Refusal):
        return found
    if found.member_id is not None and await households_db.limits(call.conn, [found.member_id]):
        return Refusal("household_limit", field, "who has a limit gives no points away",
                       "ask the head of the household")  # fmt: skip
    if found.registered or _program(call).shadows_spend:
        return found
    return Refusal("not_registered", field, "points can be given away once the card is registered",
                   "register the member first")  # fmt: skip


def asking(call: Call) -> flows.Ask:
    """Who does it, when, by which settings, under which id."""
    assert call.outcome_id is not None, "the door says under which id it is done"
    return flows.Ask(
        call.outcome_id, call.principal.id, call.now, _program(call).ways, call.principal.person,
        call.approval_id,
    )  # fmt: skip


def _program(call: Call) -> Program:
    assert call.house is not None
    return call.house.shop().program


async def _told(call: Call, done: Row | Refusal) -> Operated | Refusal:
    if isinstance(done, Refusal):
        return done
    noted(call, done)
    there = await reading.balances(call.conn, done.account_id, _program(call), call.now)
    return Operated(
        operation_id=done.id, kind=done.kind, account_id=done.account_id, currency=done.currency,
        points=done.points, to_account_id=done.to_account_id, to_currency=done.to_currency,
        to_points=done.to_points, fee_points=done.fee_points, cause=done.cause, reason=done.reason,
        happened_at=done.happened_at, balance=there[done.currency],
    )  # fmt: skip


def noted(call: Call, done: Row) -> None:
    """For the audit log: what left which account and what came to which."""
    told = {
        "kind": done.kind, "points": done.points, "currency": done.currency,
        "to_account_id": None if done.to_account_id is None else str(done.to_account_id),
        "to_points": done.to_points, "to_currency": done.to_currency, "cause": done.cause,
    }  # fmt: skip
    after = {name: value for name, value in told.items() if value}
    call.changed("account", done.account_id, None, after, reason=done.reason)


_CARD: dict[str, Any] = {"card": "2900000000018"}
OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "transfer.send", "POST", "/v1/transfers", send, Operated, "Send or give points to a member",
        kind="writes", body=SendPoints, status=201,
        example={"kind": "gift", "sender": _CARD, "points": 10, "store": "S1",
                 "receiver": {"identifier": {"kind": "external", "value": "crm-10043"}}},
    ),
    Operation(
        "donation.make", "POST", "/v1/donations", donate, Operated, "Give points to a cause",
        kind="writes", body=Donate, status=201,
        example={"member": _CARD, "points": 10, "cause": "forest"},
    ),
    Operation(
        "exchange.make", "POST", "/v1/exchanges", exchange, Operated,
        "Exchange points for another currency", kind="writes", body=Exchange, status=201,
        example={"member": _CARD, "points": 15, "into": "miles"},
    ),
    Operation(
        "adjustment.make", "POST", "/v1/adjustments", adjust, Operated,
        "Put points in or take them out by hand", kind="writes", body=Adjust, status=201,
        four_eyes=True,
        example={"member": _CARD, "points": 100, "reason": "goodwill",
                 "expires_at": "2099-01-01T00:00:00+01:00"},
    ),
    Operation(
        "extension.make", "POST", "/v1/extensions", extend, Operated, "Let points live longer",
        kind="writes", body=Extend, status=201,
        example={"member": _CARD, "before": "2099-02-01T00:00:00+01:00",
                 "until": "2099-12-31T00:00:00+01:00", "reason": "goodwill"},
    ),
)  # fmt: skip
