"""A call begins to wait; somebody decides; time is over."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from tessera.access.approvals import core, db
from tessera.access.approvals.core import Decision, Payload, Proposal, Standing, Wanted
from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.access.core import Principal
from tessera.access.sealing import flows as sealing
from tessera.base.refusal import Refusal

SALT_BYTES = 16
HOUSE = Actor("system", None, "tessera")


async def propose(
    conn: db.Conn, id: UUID, by: Principal, wanted: Wanted, now: datetime
) -> Proposal | Refusal:
    """Keep a call until a second person decides. Errors: too_many_proposals."""
    if await db.count_open(conn, by.person, now) >= core.MOST_OPEN:
        return Refusal(
            "too_many_proposals", "", f"{core.MOST_OPEN} of your proposals are open",
            "let somebody decide on them, or withdraw some",
        )  # fmt: skip
    asked, why = wanted.payload, wanted.awaiting
    proposal = Proposal(
        id, wanted.operation, await sealing.seal(conn, id, msgspec.json.encode(asked)),
        core.digest(wanted.operation, by.id, asked), why.limit, why.why, by, by.person, now,
        now + core.LIFE,
    )  # fmt: skip
    await db.add(conn, proposal)
    return proposal


def payload(path: Mapping[str, str], query: Mapping[str, str], body: object) -> Payload:
    """What was asked, ready to be kept."""
    raw = msgspec.Raw(msgspec.json.encode(body))
    return Payload(dict(path), dict(query), raw, secrets.token_bytes(SALT_BYTES))


async def opened(conn: db.Conn, proposal: Proposal) -> Payload | None:
    """What was asked; None once it was decided."""
    raw = await sealing.unseal(conn, proposal.id, proposal.payload)
    return None if raw is None else msgspec.json.decode(raw, type=Payload)


async def bound(conn: db.Conn, proposal: Proposal, said: str) -> Payload | Refusal:
    """What was asked, if the hash the approver names is that of it. Errors: approval_other."""
    payload = await opened(conn, proposal)
    if payload is not None:
        made = core.digest(proposal.operation, proposal.principal.id, payload)
        if made == proposal.hash == core.hashed(said):
            return payload
    return Refusal(
        "approval_other", "hash", "this is not the hash of what was proposed",
        "read the proposal again, and send its `hash`",
    )  # fmt: skip


async def standing(
    conn: db.Conn, proposal: Proposal, by: Principal, now: datetime
) -> Standing:  # fmt: skip
    """What is known of proposer and approver now."""
    return Standing(
        await db.staffed(conn, now),
        await db.beholden(conn, proposal.person, by.person, proposal.proposed_at - core.NEW),
        await db.gone(conn, proposal, now),
    )


async def end(conn: db.Conn, id: UUID, decision: Decision) -> None:
    """It is decided; what was asked can never be read again."""
    await db.decide(conn, id, decision)
    await sealing.destroy(conn, id)


async def expire(conn: db.Conn, now: datetime, most: int) -> int:
    """Write down those whose time is over; how many there were."""
    overdue = await db.overdue(conn, now, most)
    entries = []
    for proposal in overdue:
        await end(conn, proposal.id, Decision("expired", now))
        change = Change("approval", proposal.id, {"state": "open"}, {"state": "expired"})
        entries.append(Entry(now, HOUSE, "approval.expire", change, approval_id=proposal.id))
    await audit.note(conn, *entries)
    return len(overdue)
