"""What a call leaves in the audit log, and what it leaves behind when a second person decides."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.access.approvals import flows as approvals
from tessera.access.approvals.core import Awaiting, Proposal, Wanted
from tessera.access.audit.core import Actor, Change, Entry
from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Operation
from tessera.doors.pages import uuid_of

# Words of an address that are chosen by us or for things; others may be cards or names of people.
PLAIN_WORDS = frozenset({"store_id", "version", "role"})

Approvable = Literal["publish", "merge", "erasure", "owner", "tier", "settlement"]


class Proposed(Struct, frozen=True):
    """Nothing was done yet: a second person decides, until `expires_at`.

    limit  what makes it need one; why: in plain words
    hash   of what was asked: approving names it
    """

    approval_id: UUID
    operation: str
    limit: str
    why: str
    hash: str
    expires_at: datetime


def actor(call: Call) -> Actor:
    """Who calls, as the log calls that one; from where only those who work here."""
    by = call.principal
    address = "" if by.kind in ("member", "anybody") else call.address
    return Actor(by.kind, by.id, by.name, by.role, address)


def entries(operation: Operation, call: Call) -> list[Entry]:
    """What a call that `writes` has done: what its handler said, or at least that it was made."""
    changes = call.changes or [_unsaid(call)]
    who = actor(call)
    return [
        Entry(
            call.now, who, change.operation or operation.name, change, outcome_id=call.outcome_id,
            approval_id=call.approval_id,
        )
        for change in changes
    ]  # fmt: skip


def _unsaid(call: Call) -> Change:
    """By the first word of the address that names no person."""
    for name, word in call.path.items():
        if name in PLAIN_WORDS or uuid_of(word) is not None:
            return Change(name.removesuffix("_id"), word, None, None)
    return Change("", "", None, None)


async def propose(operation: Operation, call: Call, awaiting: Awaiting) -> Proposed | Refusal:
    """Let a call wait for a second person. Errors: too_many_proposals."""
    assert call.outcome_id is not None, "the call has its key"
    payload = approvals.payload(call.path, call.query, call.body)
    wanted = Wanted(operation.name, payload, awaiting)
    made = await approvals.propose(call.conn, call.outcome_id, call.principal, wanted, call.now)
    if isinstance(made, Refusal):
        return made
    call.changes = [Change("approval", made.id, None, _said(made))]
    return Proposed(made.id, made.operation, made.limit, made.why, made.hash.hex(), made.expires_at)


def _said(proposal: Proposal) -> dict[str, str]:
    return {"state": proposal.state, "limit": proposal.limit, "hash": proposal.hash.hex()}


def second_person(call: Call, what: Approvable, why: str) -> Awaiting | None:
    """Whether the program wants a second person for this: what the handler answers then.

    what  as the program's `approvals` name it; why: in plain words, without a person in them
    """
    assert call.house is not None
    if what not in call.house.shop().program.approvals:
        return None
    return call.approval(f"approvals.{what}", why)
