"""The first owner of an installation."""

from __future__ import annotations

from datetime import datetime

from tessera.access.signing import db
from tessera.access.signing.core.words import Staff
from tessera.access.signing.flows.staffing import invite, reset
from tessera.base.refusal import Refusal


async def found(
    conn: db.Conn, name: str, email: str, now: datetime
) -> tuple[Staff, str] | Refusal:  # fmt: skip
    """An owner who was invited, and the invitation; who began before and did not end begins anew.

    email   in its normal form, found to be one
    errors  setup_over: somebody of staff is in; staff_known: invited as something else
    """
    await db.found_alone(conn)
    if await db.somebody_in(conn):
        return Refusal("setup_over", "", "somebody works here already",
                       "sign in, or ask an owner to invite you")  # fmt: skip
    known = await db.staff_named(conn, email)
    if known is None or known.role != "owner":
        return await invite(conn, name, email, "owner", None, None, None, now)
    invitation = await reset(conn, known, now)
    fresh = await db.lock_staff(conn, known.id)
    assert fresh is not None, "it was just written"
    return fresh, invitation
