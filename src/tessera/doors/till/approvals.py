"""Calls that wait for a second person, over HTTP: look at them, approve, reject, withdraw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from tessera.access.approvals import core, db, flows
from tessera.access.approvals.core import Awaiting, Decision, Payload, Proposal
from tessera.base.pages import cursor
from tessera.base.refusal import Refusal
from tessera.base.text import Remark
from tessera.doors.call import Call, Handler, Once, Operation
from tessera.doors.pages import QUERY, Page, asked_page, uuid_of
from tessera.doors.seeing import may_name, note_seen


class Approve(Struct, frozen=True, forbid_unknown_fields=True):
    """Yes, to exactly this. hash: of the proposal as it was read."""

    hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class Reject(Struct, frozen=True, forbid_unknown_fields=True):
    """No, and why."""

    reason: Remark


class Proposer(Struct, frozen=True):
    """Who proposed it, as that one was then."""

    principal_id: UUID
    kind: str
    name: str
    role: str


class ApprovalView(Struct, frozen=True):
    """A call that waits, or has waited.

    state             open, approved, rejected, withdrawn, expired
    limit, why        what made it wait
    path, query, body  what was asked; null in a list, once it is decided, and for who sees
                       pseudonyms
    decided_by        null where nobody has
    outcome_id        of what was done when it was approved
    """

    approval_id: UUID
    operation: str
    state: core.State
    limit: str
    why: str
    hash: str
    proposed_by: Proposer
    proposed_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: UUID | None
    decided_name: str
    reason: str
    outcome_id: UUID | None
    path: dict[str, str] | None = None
    query: dict[str, str] | None = None
    body: Any = None


class Approved(Struct, frozen=True):
    """It is done. `status` and `answer` are what the operation said; without secrets."""

    approval_id: UUID
    operation: str
    status: int
    answer: Any


async def list_all(call: Call) -> Page[ApprovalView] | Refusal:
    """GET /v1/approvals: one's own, and those about what one could do oneself."""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    state = call.query.get("state")
    if state not in (None, "open"):
        return Refusal("query_invalid", "state", "the list is of all or of open ones",
                       "send open, or leave it out")  # fmt: skip
    last, limit = asked
    rows = await db.list_all(call.conn, last, limit + 1, call.now, open=state == "open")
    more = cursor(str(rows[limit - 1].id)) if len(rows) > limit else None
    seen = [each for each in rows[:limit] if core.may_see(each, call.principal)]
    return Page([_view(each, None, call.now) for each in seen], more)


async def read(call: Call) -> ApprovalView | Refusal:
    """GET /v1/approvals/{approval_id}: with what was asked, as long as it is open."""
    found = await _found(call, lock=False)
    if isinstance(found, Refusal):
        return found
    payload = None
    if found.state_at(call.now) == "open":
        payload = await flows.opened(call.conn, found)
    if payload is not None and call.principal.sight == "pseudonym":
        payload = None
    if payload is not None:
        said = [dict(payload.path), dict(payload.query), core.told(payload)]
        await note_seen(call, may_name(said), f"a call that waits: {found.operation}")
    return _view(found, payload, call.now)


async def reject(call: Call) -> ApprovalView | Refusal:
    """POST /v1/approvals/{approval_id}/reject"""
    found = await _found(call, lock=True)
    if isinstance(found, Refusal):
        return found
    refusal = core.decidable(found, call.principal, call.now)
    if refusal is not None:
        return refusal
    return await _ended(call, found, Decision("rejected", call.now, call.principal,
                                              call.body.reason))  # fmt: skip


async def withdraw(call: Call) -> ApprovalView | Refusal:
    """POST /v1/approvals/{approval_id}/withdraw: by whoever proposed it."""
    found = await _found(call, lock=True)
    if isinstance(found, Refusal):
        return found
    refusal = core.over(found, call.now)
    if refusal is None and found.principal.person != call.principal.person:
        refusal = Refusal("not_allowed", "", "somebody else has proposed this",
                          "reject it, if it shall not be done")  # fmt: skip
    if refusal is not None:
        return refusal
    return await _ended(call, found, Decision("withdrawn", call.now, call.principal))


def approving(table: Mapping[str, Operation]) -> Handler:
    """The handler that does what was proposed, by the operations of this table."""

    async def approve(call: Call) -> Approved | Refusal:
        """POST /v1/approvals/{approval_id}/approve: do exactly what was proposed, once."""
        found = await _found(call, lock=True)
        if isinstance(found, Refusal):
            return found
        standing = await flows.standing(call.conn, found, call.principal, call.now)
        refusal = core.approvable(found, call.principal, call.now, standing)
        if refusal is not None:
            return refusal
        payload = await flows.bound(call.conn, found, call.body.hash)
        if isinstance(payload, Refusal):
            return payload
        operation = table.get(found.operation)
        if operation is None:
            return Refusal("approval_other", "", f"{found.operation} is not done this way here",
                           "reject it, and let it be proposed again")  # fmt: skip
        inner = _inner(call, found, payload, operation)
        answer = await operation.handler(inner)
        if isinstance(answer, Refusal):
            return answer
        assert not isinstance(answer, Awaiting), "an approved call waits for nobody"
        done = Decision("approved", call.now, call.principal, "", call.outcome_id)
        await _ended(call, found, done)
        call.forget = call.forget or inner.forget
        call.changes += [replace(each, operation=found.operation) for each in inner.changes]
        # A secret is told to nobody: who approves must not have it, who proposed is not here.
        said = answer.kept if isinstance(answer, Once) else answer
        return Approved(found.id, found.operation, operation.status, said)

    return approve


def _inner(call: Call, found: Proposal, payload: Payload, operation: Operation) -> Call:
    """The call that was proposed, in the approver's transaction."""
    body = None
    if operation.body is not None:
        body = msgspec.json.decode(payload.body, type=operation.body)
    return Call(
        found.principal, payload.path, payload.query, body, call.conn, call.now, call.house,
        call.key, call.fingerprint, call.outcome_id, approval_id=found.id, address=call.address,
    )  # fmt: skip


async def _found(call: Call, *, lock: bool) -> Proposal | Refusal:
    id = uuid_of(call.path["approval_id"])
    found = None if id is None else await db.read(call.conn, id, lock=lock)
    if found is not None and core.may_see(found, call.principal):
        return found
    return Refusal(
        "approval_unknown", "approval_id", "there is nothing of this id that you could decide on",
        "look it up in the list of approvals",
    )  # fmt: skip


async def _ended(call: Call, found: Proposal, decision: Decision) -> ApprovalView:
    by = found.principal
    await flows.end(call.conn, found.id, decision)
    call.approval_id = found.id
    after = {
        "state": decision.state, "operation": found.operation, "limit": found.limit,
        "hash": found.hash.hex(), "proposed_by": str(by.id), "proposed_name": by.name,
    }  # fmt: skip
    call.changed("approval", found.id, {"state": "open"}, after, reason=decision.reason)
    ended = replace(
        found, state=decision.state, decided_at=decision.at, decided_by=call.principal.id,
        decided_name=call.principal.name, reason=decision.reason, outcome_id=decision.outcome,
    )  # fmt: skip
    return _view(ended, None, call.now)


def _view(found: Proposal, payload: Payload | None, now: datetime) -> ApprovalView:
    by = found.principal
    return ApprovalView(
        found.id, found.operation, found.state_at(now), found.limit, found.why, found.hash.hex(),
        Proposer(by.id, by.kind, by.name, by.role), found.proposed_at, found.expires_at,
        found.decided_at, found.decided_by, found.decided_name, found.reason, found.outcome_id,
        None if payload is None else dict(payload.path),
        None if payload is None else dict(payload.query),
        None if payload is None else core.told(payload),
    )  # fmt: skip


def operations(others: Iterable[Operation]) -> tuple[Operation, ...]:
    """The table's rows, which can do whatever the other rows do."""
    table = {each.name: each for each in others if each.four_eyes}
    one = "/v1/approvals/{approval_id}"
    return (
        Operation(
            "approval.list", "GET", "/v1/approvals", list_all, Page[ApprovalView],
            "Calls that wait for a second person",
            query={**QUERY, "state": "open: only those that wait"},
        ),
        Operation("approval.read", "GET", one, read, ApprovalView, "What waits, and for what"),
        Operation(
            "approval.approve", "POST", f"{one}/approve", approving(table), Approved,
            "Approve what another person has proposed", kind="writes", refresh=True, body=Approve,
            example={"hash": "0" * 64},
        ),
        Operation(
            "approval.reject", "POST", f"{one}/reject", reject, ApprovalView,
            "Reject what another person has proposed", kind="writes", body=Reject,
            example={"reason": "the receipt was never paid"},
        ),
        Operation(
            "approval.withdraw", "POST", f"{one}/withdraw", withdraw, ApprovalView,
            "Withdraw what one has proposed oneself", kind="writes",
        ),
    )  # fmt: skip
