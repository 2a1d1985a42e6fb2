"""Calls about what waits for a second person, and about the audit log.

What waits here is nothing that anybody could do: so approving it is refused, but only to those who
may approve. What approving does is in tests/doors/test_approvals.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from support import database
from support.api import Api, apart
from support.things import Made, Make, Things, Whose, plain
from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.approvals import flows
from tessera.access.approvals.core import Awaiting, Proposal, Wanted
from tessera.base.ids import new_id


def proposal(api: Api, token: str) -> Proposal:
    """A call of whoever holds this token, which waits."""

    async def propose() -> Proposal:
        now = datetime.now(UTC)
        wanted = Wanted("card.block", flows.payload({}, {}, None), Awaiting("test", "a test"))
        async with await database.connect(api.dsn) as conn:
            by = await access_db.find_principal(conn, access.token_hash(token), now)
            assert by is not None
            made = await flows.propose(conn, new_id(), by, wanted, now)
            assert isinstance(made, Proposal)
            await conn.commit()
            return made

    return apart(propose())


def another_s(things: Things, whose: Whose) -> tuple[dict[str, str], Proposal]:
    """What somebody has proposed whom nobody here knows."""
    made = proposal(things.api, things.api.somebody())
    return {"approval_id": str(uuid4() if whose == "random" else made.id)}, made


def withdrawn(things: Things, whose: Whose) -> Made:
    """What the office has proposed; all keys of the office are the same person's."""
    made = proposal(things.api, things.api.admin)
    return {"approval_id": str(uuid4() if whose == "random" else made.id)}, None


def approved(things: Things, whose: Whose) -> Made:
    path, made = another_s(things, whose)
    return path, {"hash": made.hash.hex()}


def entry(things: Things, whose: Whose) -> Made:
    name = things.api.eye.execute("SELECT chain || '-' || seq FROM access.audit LIMIT 1").fetchone()
    assert name is not None, "somebody has done something"
    return {"entry": "7-999999" if whose == "random" else name[0]}, {"reason": "asked"}


MAKES: dict[str, Make] = {
    "approval.list": plain(),
    "approval.read": lambda t, w: (another_s(t, w)[0], None),
    "approval.approve": approved,
    "approval.reject": lambda t, w: (another_s(t, w)[0], {"reason": "no"}),
    "approval.withdraw": withdrawn,
    "audit.list": plain(),
    "audit.export": plain(),
    "audit.read": lambda t, w: (entry(t, w)[0], None),
    "audit.chains": plain(),
    "audit.reveal": entry,
}
ANYBODYS = {"approval.list", "audit.list", "audit.export", "audit.chains"}
REFUSED = {"approval.approve": 409}
