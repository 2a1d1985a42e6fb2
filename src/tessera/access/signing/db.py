"""Staff, factors and sessions, remembered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from tessera.access import db as access_db
from tessera.access.core import Principal
from tessera.access.signing.core.words import (
    IDLE,
    LIFE,
    RATE,
    SEEN_EVERY,
    SESSIONS_MOST,
    Secrets,
    Session,
    Staff,
)
from tessera.base.sql import statements

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


# Staff -------------------------------------------------------------------------------------------


async def add_staff(
    conn: Conn, staff: Staff, by: UUID | None, invitation: bytes
) -> bool:  # fmt: skip
    """Keep somebody who is invited; False if somebody at work has this address."""
    values = _said(staff) | {
        "now": staff.created_at, "by": by, "invitation": invitation,
        "invited_until": staff.invited_until, "email": staff.email,
    }  # fmt: skip
    return await _hit(conn, "add_staff", values)


async def list_staff(conn: Conn, after: UUID | None, limit: int) -> list[Staff]:
    """Staff after the one named, in the order they came, at most `limit`."""
    asked = {"after": after or UUID(int=0), "page": limit}
    return [_staff(row) async for row in await conn.execute(SQL["list_staff"], asked)]


async def read_staff(conn: Conn, staff_id: UUID) -> Staff | None:
    """One of staff, also one whose time here has ended; None if there is none."""
    row = await _row(conn, "read_staff", {"id": staff_id})
    return None if row is None else _staff(row)


async def lock_staff(conn: Conn, staff_id: UUID) -> Staff | None:
    """One of staff, held until the transaction ends."""
    row = await _row(conn, "lock_staff", {"id": staff_id})
    return None if row is None else _staff(row)


async def staff_named(conn: Conn, email: str) -> Staff | None:
    """The one at work who has this address, in its normal form."""
    row = await _row(conn, "staff_named", {"email": email})
    return None if row is None else _staff(row)


async def change_staff(conn: Conn, staff: Staff) -> None:
    """Name, role, stores and end are these from now on."""
    await conn.execute(SQL["change_staff"], _said(staff))


async def end_staff(conn: Conn, staff_id: UUID, now: datetime) -> None:
    """This one is let in no more."""
    await conn.execute(SQL["end_staff"], {"id": staff_id, "now": now})


async def somebody_in(conn: Conn) -> bool:
    """Whether anybody of staff was ever let in here."""
    row = await _row(conn, "somebody_in", {})
    return row is not None and bool(row[0])


async def somebody_known(conn: Conn) -> bool:
    """Whether anybody of staff was ever so much as invited."""
    row = await _row(conn, "somebody_known", {})
    return row is not None and bool(row[0])


async def found_alone(conn: Conn) -> None:
    """Until this transaction ends nobody else begins."""
    await conn.execute(SQL["found_alone"])


async def other_owners(conn: Conn, staff_id: UUID, now: datetime) -> int:
    """How many owners are at work besides this one; they are held until the transaction ends."""
    row = await _row(conn, "other_owners", {"id": staff_id, "now": now})
    return int(row[0]) if row else 0


async def invite(conn: Conn, staff_id: UUID, invitation: bytes, until: datetime) -> None:
    """A new invitation in the place of every factor."""
    values = {"id": staff_id, "invitation": invitation, "invited_until": until}
    await conn.execute(SQL["invite"], values)


async def invited(conn: Conn, invitation: bytes, now: datetime) -> Secrets | None:
    """Whose invitation this is, held until the transaction ends; its app may be unproved yet."""
    row = await _row(conn, "invited", {"invitation": invitation, "now": now})
    return None if row is None else _secrets(row)


async def offer_app(conn: Conn, staff_id: UUID, totp: bytes) -> None:
    """A sealed secret, which counts once `enrol` says so."""
    await conn.execute(SQL["offer_app"], {"id": staff_id, "totp": totp})


async def enrol(conn: Conn, staff_id: UUID, password: str, step: int | None) -> None:
    """The invitation is used. `step`: of the code by which the app was shown to work, if it was."""
    values = {"id": staff_id, "password": password, "app": step is not None, "step": step or 0}
    await conn.execute(SQL["enrol"], values)


async def secrets_named(conn: Conn, email: str) -> Secrets | None:
    """What the factors of the one with this address are checked against."""
    row = await _row(conn, "secrets_named", {"email": email})
    return None if row is None else _secrets(row)


async def secrets_of(conn: Conn, staff_id: UUID) -> Secrets | None:
    """The same, of one who is known."""
    row = await _row(conn, "secrets_of", {"id": staff_id})
    return None if row is None else _secrets(row)


async def rehash(conn: Conn, staff_id: UUID, old: str, fresh: str) -> None:
    """The same password under today's cost, unless it was changed meanwhile."""
    await conn.execute(SQL["rehash"], {"id": staff_id, "old": old, "fresh": fresh})


async def use_step(conn: Conn, staff_id: UUID, step: int) -> bool:
    """Whether this step of the app was still unused."""
    return await _hit(conn, "use_step", {"id": staff_id, "step": step})


async def let_in(conn: Conn, staff_id: UUID) -> bool:
    """Whether this one has ever come in since the last invitation."""
    return await _hit(conn, "let_in", {"id": staff_id})


async def put_recovery(conn: Conn, staff_id: UUID, marks: Sequence[bytes]) -> None:
    """These codes are good, those before no more."""
    await conn.execute(SQL["forget_recovery"], {"id": staff_id})
    await conn.execute(SQL["add_recovery"], {"id": staff_id, "marks": list(marks)})


async def count_recovery(conn: Conn, staff_id: UUID) -> int:
    """How many recovery codes are good still."""
    row = await _row(conn, "count_recovery", {"id": staff_id})
    return 0 if row is None else int(row[0])


async def use_recovery(conn: Conn, staff_id: UUID, mark: bytes) -> bool:
    """Whether this code was good and unused."""
    return await _hit(conn, "use_recovery", {"id": staff_id, "mark": mark})


async def staff_of_provider(
    conn: Conn, issuer: str, subject: str, email: str | None
) -> Staff | None:  # fmt: skip
    """Whom a provider names: by subject, or, not yet bound, by an address that it has verified."""
    asked = {"issuer": issuer, "subject": subject, "email": email}
    row = await _row(conn, "staff_of_provider", asked)
    return None if row is None else _staff(row)


async def bind_provider(conn: Conn, staff_id: UUID, issuer: str, subject: str) -> None:
    """The subject is this one from now on."""
    values = {"id": staff_id, "issuer": issuer, "subject": subject}
    await conn.execute(SQL["bind_provider"], values)


# Sessions ----------------------------------------------------------------------------------------


async def open_session(
    conn: Conn, session: Session, token_hash: bytes, contact: bytes | None
) -> None:
    """Keep a session that begins; the person's oldest end where there are too many.

    contact  the mark of the phone or address that lets in; empty: none does; None: nobody knows
    """
    values = {
        "id": session.id, "token_hash": token_hash, "kind": session.kind,
        "person": session.person_id, "way": session.way, "device": session.device,
        "now": session.opened_at, "contact": contact,
    }  # fmt: skip
    await conn.execute(SQL["open_session"], values)
    over = _over(session.kind, session.opened_at)
    trim = {"person": session.person_id, "most": SESSIONS_MOST, **over}
    await conn.execute(SQL["trim_sessions"], trim)


async def session_principal(conn: Conn, token_hash: bytes, now: datetime) -> Principal | None:
    """Who is signed in with this token, which counts as being seen; None if nobody, or no longer.

    units   idle is counted from when it was written down: once a minute, so a minute early at most
    """
    asked = {
        "token_hash": token_hash, "now": now,
        "staff_opened": now - LIFE["staff"], "member_opened": now - LIFE["member"],
        "staff_seen": now - IDLE["staff"], "member_seen": now - IDLE["member"],
    }  # fmt: skip
    row = await _row(conn, "session_principal", asked)
    if row is None:
        return None
    id_, kind, person, opened, seen, proved, name, role, stores, ends = row
    if seen <= now - SEEN_EVERY:
        await conn.execute(SQL["touch_session"], {"id": id_, "now": now, "stale": now - SEEN_EVERY})
    over = opened + LIFE[kind]
    found = Principal(
        person, kind, name or "", role or "member", None if stores is None else tuple(stores),
        RATE[kind], over if ends is None else min(over, ends), session_id=id_, proved_at=proved,
        term=ends,
    )  # fmt: skip
    return await access_db.with_role(conn, found)


async def renew_session(conn: Conn, session_id: UUID, person: UUID, now: datetime) -> bool:
    """It is fresh again; False if it has ended."""
    return await _hit(conn, "renew_session", {"id": session_id, "person": person, "now": now})


async def list_sessions(conn: Conn, person: UUID, kind: str, now: datetime) -> list[Session]:
    """A person's sessions that hold, the oldest first; at most `SESSIONS_MOST`."""
    asked = {"person": person, **_over(kind, now)}
    return [Session(*row) async for row in await conn.execute(SQL["list_sessions"], asked)]


async def end_session(conn: Conn, session_id: UUID, person: UUID) -> bool:
    """End one of the person's own; False if there is none such."""
    return await _hit(conn, "end_session", {"id": session_id, "person": person})


async def end_sessions(conn: Conn, person: UUID) -> int:
    """End all of somebody's; how many there were."""
    return (await conn.execute(SQL["end_sessions"], {"person": person})).rowcount


async def end_sessions_by(conn: Conn, person: UUID, contact: bytes) -> None:
    """End those of somebody's that this phone or address let in, by its mark."""
    await conn.execute(SQL["end_sessions_by"], {"person": person, "contact": contact})


async def sweep_sessions(conn: Conn, now: datetime) -> None:
    """Away with sessions that began too long ago to hold."""
    await conn.execute(SQL["sweep_sessions"], {"opened_by": now - max(LIFE.values())})


def _over(kind: str, now: datetime) -> dict[str, datetime]:
    return {"opened_by": now - LIFE[kind], "seen_by": now - IDLE[kind]}


def _said(staff: Staff) -> dict[str, Any]:
    return {
        "id": staff.id, "name": staff.name, "role": staff.role, "expires_at": staff.expires_at,
        "stores": None if staff.stores is None else list(staff.stores),
    }  # fmt: skip


def _staff(row: Sequence[Any]) -> Staff:
    stores = None if row[4] is None else tuple(row[4])
    return Staff(
        row[0], row[1], row[2], row[3], stores, row[5], row[6], row[7], row[8], row[9], row[10]
    )


def _secrets(row: Sequence[Any]) -> Secrets:
    return Secrets(_staff(row), row[11], row[12], row[13])


async def _row(conn: Conn, name: str, asked: dict[str, Any]) -> tuple[Any, ...] | None:
    return await (await conn.execute(SQL[name], asked)).fetchone()


async def _hit(conn: Conn, name: str, asked: dict[str, Any]) -> bool:
    return await _row(conn, name, asked) is not None
