"""Points that a member gives away alone, over HTTP: to another member, to a cause.

Nobody is told whether a phone is somebody's: what goes to one that is nobody's waits for whoever
joins with it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Points
from tessera.checkout.core import Balance
from tessera.checkout.flows import reading
from tessera.doors.call import Call, Operation
from tessera.doors.till.cabinet import gone
from tessera.doors.till.donating import owe_event
from tessera.doors.till.people import country_of
from tessera.doors.till.transfers import asking, noted
from tessera.ledger.core import MAIN
from tessera.ledger.core.ways import Bounds, Donating, Sending
from tessera.ledger.giving import flows
from tessera.ledger.giving.db import Row
from tessera.members import core as members
from tessera.members import db as members_db
from tessera.members.households import db as households_db
from tessera.rules.core.words import Program
from tessera.warehouse.core import Identifier

Kind = Literal["transfer", "gift", "donation"]


class Receiver(Struct, frozen=True, forbid_unknown_fields=True):
    """By the card or by the phone."""

    kind: Literal["card", "phone"]
    value: Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[ -~]+\Z")]


class SendMine(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """My points go to somebody else, as the program's `transfers` allow it."""

    kind: Literal["transfer", "gift"] = "transfer"
    receiver: Receiver
    points: Points


class DonateMine(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """My points go to a cause that the program names."""

    points: Points
    cause: Code


class Gone(Struct, frozen=True, omit_defaults=True):
    """Points have left. Of who has them now nothing is told.

    arrives  so many, less the fee; arrives_at: when they can be spent there
    """

    operation_id: UUID
    points: int
    arrives: int
    fee_points: int
    balance: Balance
    arrives_at: datetime | None = None


class Way(Struct, frozen=True, omit_defaults=True):
    """How points may go one way. `code_above`: of more one proves anew who one is."""

    kind: Kind
    least: int
    most: int | None
    per_day: int | None
    per_month: int | None
    step: int
    code_above: int | None = None
    fee_percent: int = 0
    delay_hours: int = 0
    causes: dict[str, str] = {}


class MyWays(Struct, frozen=True):
    """What I may do with my points; `may` is false for who has a limit in a household.

    fresh  who I am was proved within ten minutes
    """

    ways: list[Way]
    available: int
    may: bool
    fresh: bool


async def ways(call: Call) -> MyWays | Refusal:
    """GET /v1/me/ways"""
    member = await members_db.read_member(call.conn, call.principal.id)
    if member is None:
        return gone()
    there = await reading.account_balance(call.conn, member.account_id, call.now)
    offered = _program(call).ways.transfers
    limited = await households_db.limits(call.conn, [member.id])
    kinds: dict[Kind, Bounds | None] = {
        "transfer": offered.transfer, "gift": offered.gift, "donation": offered.donate,
    }  # fmt: skip
    found = [_way(kind, bounds) for kind, bounds in kinds.items() if bounds is not None]
    return MyWays(found, there.available, not limited, call.principal.fresh(call.now))


def _way(kind: Kind, bounds: Bounds) -> Way:
    sending = bounds if isinstance(bounds, Sending) else Sending()
    causes = dict(bounds.causes) if isinstance(bounds, Donating) else {}
    return Way(
        kind, bounds.least, bounds.most, bounds.per_day, bounds.per_month, bounds.step,
        bounds.code_above, sending.fee_percent, sending.delay_hours, causes,
    )  # fmt: skip


async def send(call: Call) -> Gone | Refusal:
    """POST /v1/me/transfers"""
    body: SendMine = call.body
    offered = _program(call).ways.transfers
    way = offered.transfer if body.kind == "transfer" else offered.gift
    mine = await _mine(call, way, body.points)
    if isinstance(mine, Refusal):
        return mine
    # First what is mine: what is refused for that tells nothing of a receiver, also by its time.
    refusal = await flows.refused_to_send(call.conn, asking(call), body.kind, mine, body.points)
    if refusal is not None:
        return refusal
    receiver = await _receiver(call, body.receiver)
    if isinstance(receiver, Refusal):
        return receiver
    sent = flows.Sent(body.kind, mine, receiver, MAIN, body.points)
    ready = None
    if way is not None and way.delay_hours:
        ready = call.now + timedelta(hours=way.delay_hours)
    return await _told(call, await flows.send(call.conn, asking(call), sent), ready)


async def donate(call: Call) -> Gone | Refusal:
    """POST /v1/me/donations"""
    body: DonateMine = call.body
    mine = await _mine(call, _program(call).ways.transfers.donate, body.points)
    if isinstance(mine, Refusal):
        return mine
    done = await flows.donate(call.conn, asking(call), mine, MAIN, body.points, body.cause)
    if not isinstance(done, Refusal):
        await owe_event(call, done, call.principal.id)
    return await _told(call, done, None)


async def _mine(call: Call, way: Bounds | None, points: int) -> UUID | Refusal:
    """The account of who calls, who may give so much away alone."""
    above = None if way is None else way.code_above
    if above is not None and points > above and not call.principal.fresh(call.now):
        return Refusal(
            "proof_needed", "points", f"more than {above} points leave only with a code",
            "ask for one with POST /v1/me/proof and send it back, then send this again",
        )  # fmt: skip
    member = await members_db.read_member(call.conn, call.principal.id)
    if member is None:
        return gone()
    if await households_db.limits(call.conn, [member.id]):
        return Refusal("household_limit", "", "who has a limit gives no points away",
                       "ask the head of the household")  # fmt: skip
    return member.account_id


async def _receiver(call: Call, named: Receiver) -> UUID | Refusal:
    """The account behind a card or a phone; one that nobody has begins, so that nothing is told."""
    normal = members.fresh(named.kind, named.value.replace(" ", ""), country_of(call))
    if isinstance(normal, Refusal):
        return msgspec.structs.replace(normal, field="receiver.value")
    found = (await members_db.owners(await members_db.ask_owners(call.conn, [normal]))).get(normal)
    if found is not None:
        return found.account_id
    if _program(call).unknown_cards != "any":
        fault = members.not_issued(normal, await members_db.batches(call.conn), "receiver.value")
        if fault is not None:
            return fault
    met = await members_db.add_shadows(call.conn, [(normal, new_id(), new_id())], call.now)
    return met[Identifier(normal.kind, normal.value)].account_id


async def _told(call: Call, done: Row | Refusal, ready: datetime | None) -> Gone | Refusal:
    if isinstance(done, Refusal):
        return done
    noted(call, done)
    there = await reading.account_balance(call.conn, done.account_id, call.now)
    arrives = done.to_points if done.to_account_id is not None else done.points
    return Gone(done.id, done.points, arrives, done.fee_points, there, ready)


def _program(call: Call) -> Program:
    assert call.house is not None, "the door is a house's"
    return call.house.shop().program


OPERATIONS: tuple[Operation, ...] = (
    Operation("me.ways", "GET", "/v1/me/ways", ways, MyWays, "What I may do with my points"),
    Operation(
        "me.transfer", "POST", "/v1/me/transfers", send, Gone,
        "Send or give my points to somebody", kind="writes", body=SendMine, status=201,
        example={"kind": "gift", "points": 10,
                 "receiver": {"kind": "phone", "value": "+39 333 7654321"}},
    ),
    Operation(
        "me.donate", "POST", "/v1/me/donations", donate, Gone, "Give my points to a cause",
        kind="writes", body=DonateMine, status=201, example={"points": 10, "cause": "forest"},
    ),
)  # fmt: skip
