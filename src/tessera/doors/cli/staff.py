"""`tessera staff`: who works here. The first owner comes in by this."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import typer
from psycopg import AsyncConnection

from tessera.access import core as access
from tessera.access import db as access_db
from tessera.access.audit.core import Change
from tessera.access.signing import db, flows
from tessera.access.signing.core.words import Staff, email_fault, normal_email
from tessera.base.refusal import Refusal
from tessera.doors.cli import audit
from tessera.doors.ground import Settings, ground

T = TypeVar("T")


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `staff ...`."""
    staff = typer.Typer(help="Staff: add, list, reset, end.", no_args_is_help=True)
    app.add_typer(staff, name="staff")

    def run(work: Callable[[db.Conn], Awaitable[T | Refusal]]) -> T:
        done = asyncio.run(_within(ground(settings).dsn, work))
        if isinstance(done, Refusal):
            typer.echo(f"{done.why}; {done.cure}", err=True)
            raise typer.Exit(1)
        return done

    @staff.command()
    def add(
        name: Annotated[str, typer.Argument(help="as colleagues know this person")],
        email: Annotated[str, typer.Argument(help="with which this person signs in")],
        role: Annotated[str, typer.Option(help="a role: see `tessera roles list`")] = "owner",
        store: Annotated[list[str] | None, typer.Option(help="only this store; repeat it")] = None,
        days: Annotated[int, typer.Option(help="ends after so many days; 0: never")] = 0,
    ) -> None:
        """Invite somebody. The invitation is shown once and is good for 24 hours."""
        ends = datetime.now(UTC) + timedelta(days=days) if days else None
        stores = tuple(store) if store else None
        typer.echo(run(lambda conn: _add(conn, name, normal_email(email), role, stores, ends)))

    @staff.command(name="list")
    def list_() -> None:
        """List staff, also those who have ended."""
        for line in run(_list):
            typer.echo(line)

    @staff.command()
    def reset(email: Annotated[str, typer.Argument(help="of whoever is to begin anew")]) -> None:
        """Forget password, app, passkeys and sessions; shows a new invitation, once."""
        typer.echo(run(lambda conn: _reset(conn, normal_email(email))))

    @staff.command()
    def end(email: Annotated[str, typer.Argument(help="of whoever leaves")]) -> None:
        """Sign somebody out everywhere and let in no more."""
        typer.echo(run(lambda conn: _end(conn, normal_email(email))))


async def _within(dsn: str, work: Callable[[db.Conn], Awaitable[T | Refusal]]) -> T | Refusal:
    """In one transaction, which a refusal takes back."""
    async with await AsyncConnection.connect(dsn) as conn:
        done = await work(conn)
        if isinstance(done, Refusal):
            await conn.rollback()
        return done


async def _add(
    conn: db.Conn,
    name: str,
    email: str,
    role: str,
    stores: tuple[str, ...] | None,
    ends: datetime | None,
) -> str | Refusal:
    now, role = datetime.now(UTC), access.role_named(role)
    known = access.built_in(role) or await access_db.read_role(conn, role)
    if known is None or role in access.PEOPLE:
        return Refusal("role_unknown", "role", f"there is no role {role} for staff",
                       "see `tessera roles list`")  # fmt: skip
    refusal = (
        email_fault(email)
        or access.stores_fault(known, stores)
        or access.end_fault(role, ends, now)
    )
    if refusal is not None:
        return refusal
    made = await flows.invite(conn, name, email, role, stores, ends, None, now)
    if isinstance(made, Refusal):
        return made
    await _note(conn, "staff.invite", made[0], {"email": email, "role": role})
    return made[1]


async def _list(conn: db.Conn) -> list[str] | Refusal:
    now = datetime.now(UTC)
    return [
        f"{each.id}  {each.role:<10} {_state(each, now):<8} {each.email}  {each.name}"
        for each in await db.list_staff(conn, None, 10_000)
    ]


def _state(each: Staff, now: datetime) -> str:
    if not each.works(now):
        return "ended"
    return "invited" if each.invited_until is not None else "works"


async def _reset(conn: db.Conn, email: str) -> str | Refusal:
    staff = await _held(conn, email)
    if isinstance(staff, Refusal):
        return staff
    invitation = await flows.reset(conn, staff, datetime.now(UTC))
    await _note(conn, "staff.reset", staff, {"has_password": False})
    return invitation


async def _end(conn: db.Conn, email: str) -> str | Refusal:
    staff, now = await _held(conn, email), datetime.now(UTC)
    if isinstance(staff, Refusal):
        return staff
    refusal = await flows.end(conn, staff, now)
    if refusal is not None:
        return refusal
    await _note(conn, "staff.end", staff, {"ended_at": now.isoformat()})
    left = await access_db.keys_issued_by(conn, staff.id, now)
    works = "".join(f"\n{key.id}  {key.role:<10} {key.name}" for key in left)
    return f"ended; keys that work on, `tessera keys revoke` ends them:{works}" if left else "ended"


async def _held(conn: db.Conn, email: str) -> Staff | Refusal:
    found = await db.staff_named(conn, email)
    held = None if found is None else await db.lock_staff(conn, found.id)
    return held or Refusal("staff_unknown", "email", "nobody of staff has this address",
                           "see `tessera staff list`")  # fmt: skip


async def _note(conn: db.Conn, operation: str, staff: Staff, after: dict[str, object]) -> None:
    change = Change("staff", staff.id, None, after)
    await audit.note(conn, operation, change)
