"""What waits for a second person, and who may be that person. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.access.core import Principal
from tessera.base.refusal import Refusal

LIFE = timedelta(hours=24)
MOST_OPEN = 100  # of one person
NEW = timedelta(hours=24)  # so long before a proposal nobody is an approver by its proposer's hand
State = Literal["open", "approved", "rejected", "withdrawn", "expired"]


class Awaiting(Struct, frozen=True):
    """A handler's answer: nothing was done, a second person decides.

    limit  what makes it need one: `adjustments.approval_above`
    why    in plain words, with the figures; it names no person
    """

    limit: str
    why: str


class Payload(Struct, frozen=True):
    """What was asked: words of the address, of the query, and the body.

    salt  chance, so that the hash tells nothing to whoever guesses at the body
    """

    path: Mapping[str, str]
    query: Mapping[str, str]
    body: msgspec.Raw
    salt: bytes


class Proposal(Struct, frozen=True):
    """A call that waits, or has waited.

    payload     sealed with the proposal's own key; unreadable once it is decided
    person      of who proposed: keys count as whoever issued them
    decided_by  the principal who approved, rejected or withdrew; None if it expired
    """

    id: UUID
    operation: str
    payload: bytes
    hash: bytes
    limit: str
    why: str
    principal: Principal
    person: UUID
    proposed_at: datetime
    expires_at: datetime
    state: State = "open"
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    decided_name: str = ""
    reason: str = ""
    outcome_id: UUID | None = None

    def state_at(self, now: datetime) -> State:
        """Open until somebody decides or its time is over."""
        return "expired" if self.state == "open" and self.expires_at <= now else self.state


class Wanted(Struct, frozen=True):
    """A call that shall wait, and why."""

    operation: str
    payload: Payload
    awaiting: Awaiting


class Decision(Struct, frozen=True):
    """What became of a proposal. by: None where its time was over; outcome: of what was done."""

    state: State
    at: datetime
    by: Principal | None = None
    reason: str = ""
    outcome: UUID | None = None


def digest(operation: str, by: UUID, payload: Payload) -> bytes:
    """What an approval is bound to: SHA-256 over operation, proposer, address, body and salt."""
    words = msgspec.json.encode([operation, by, payload.path, payload.query], order="sorted")
    parts = (words, bytes(payload.body), payload.salt)
    return hashlib.sha256(b"".join(len(part).to_bytes(8) + part for part in parts)).digest()


class Standing(Struct, frozen=True):
    """What is known of the two people at the moment of approving.

    staffed   there are members of staff: then keys do not approve
    beholden  the approver came in by the proposer's hand, after `NEW` before the proposal
    gone      whoever proposed is let in no more, or had to begin anew
    """

    staffed: bool
    beholden: bool = False
    gone: bool = False


def decidable(proposal: Proposal, by: Principal, now: datetime) -> Refusal | None:
    """Why this one may not approve or reject it now; None: he may."""
    ended = over(proposal, now)
    if ended is not None:
        return ended
    if by.person == proposal.principal.person:
        return Refusal(
            "own_proposal", "", "nobody decides on what he proposed, with whatever key",
            "ask another person, or withdraw it",
        )  # fmt: skip
    return _reach_fault(proposal, by)


def approvable(
    proposal: Proposal, by: Principal, now: datetime, standing: Standing
) -> Refusal | None:
    """Why this one may not approve it now; None: he may."""
    refusal = decidable(proposal, by, now) or _standing_fault(standing)
    if refusal is not None or by.fresh(now) or (by.kind == "key" and not standing.staffed):
        return refusal
    return Refusal(
        "sign_in_stale", "", "approving needs a person who has signed in within ten minutes",
        "sign in, or prove again that it is you",
    )  # fmt: skip


def _standing_fault(standing: Standing) -> Refusal | None:
    if standing.gone:
        return Refusal(
            "proposer_gone", "", "whoever proposed it has left, or had to begin anew since",
            "reject it, and let somebody else propose it",
        )  # fmt: skip
    if standing.beholden:
        return Refusal(
            "approver_beholden", "",
            "you were invited or reset by whoever proposed it, less than a day before or since",
            "ask another person, or let it be proposed again a day later",
        )  # fmt: skip
    return None


def over(proposal: Proposal, now: datetime) -> Refusal | None:
    """Why nothing can be done about it any more."""
    state = proposal.state_at(now)
    if state == "open":
        return None
    if state == "expired":
        why = f"it was open until {proposal.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        return Refusal("approval_expired", "", why, "let it be proposed again")
    why = f"it is {state} since {proposal.decided_at:%Y-%m-%dT%H:%M:%SZ}"
    return Refusal("approval_decided", "", why, "look at it; propose again what is still needed")


def may_see(proposal: Proposal, by: Principal) -> bool:
    """Whoever proposed it, and whoever could do the same himself."""
    if by.person == proposal.principal.person:
        return True
    return _reach_fault(proposal, by) is None


def _reach_fault(proposal: Proposal, by: Principal) -> Refusal | None:
    """The approver could do it himself, as far as the proposer."""
    asked = proposal.principal.scope(proposal.operation)
    scope = by.scope(proposal.operation)
    stores, theirs = by.stores, proposal.principal.stores
    inside = stores is None or (theirs is not None and set(theirs) <= set(stores))
    if scope is not None and scope in ("all", asked) and inside:
        return None
    return Refusal(
        "not_allowed", "", f"role {by.role} may not {proposal.operation} there itself",
        "ask somebody whose role has this operation",
    )  # fmt: skip


def hashed(text: str) -> bytes | None:
    """The bytes of a hash as it is told: 64 digits and small letters; None if it is none."""
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        return None
    return raw if len(raw) == 32 and raw.hex() == text else None


def told(payload: Payload) -> Any:
    """The body as the approver reads it."""
    return msgspec.json.decode(payload.body)
