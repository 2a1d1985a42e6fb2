"""`tessera roles`: what each role may, and roles of your own."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer
from psycopg import AsyncConnection

from tessera.access import core, db
from tessera.access.audit.core import Change
from tessera.access.core import OwnRole, Scope
from tessera.doors.cli import audit
from tessera.doors.ground import Settings, ground

_SIGHTS = ("masked", "pseudonym")


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `roles ...`."""
    roles = typer.Typer(help="Roles: what each may, and your own.", no_args_is_help=True)
    app.add_typer(roles, name="roles")

    @roles.command(name="list")
    def list_() -> None:
        """List the built-in roles, then your own with how many operations each has."""
        for line in [*_built_in(), *asyncio.run(_own(ground(settings).dsn))]:
            typer.echo(line)

    @roles.command()
    def show(name: Annotated[str, typer.Argument(help="the role's name")]) -> None:
        """What a role may, operation by operation."""
        role = core.built_in(name) or asyncio.run(_read(ground(settings).dsn, name))
        if role is None:
            raise typer.BadParameter("there is no such role: see `tessera roles list`")
        typer.echo("\n".join(f"{op:<24} {role.grants[op]}" for op in sorted(role.grants)))

    @roles.command()
    def make(
        name: Annotated[str, typer.Argument(help="small letters, digits, - and _")],
        grant: Annotated[list[str], typer.Option(help="operation or operation=own_store")],
        about: Annotated[str, typer.Option(help="what it is for")] = "",
        sight: Annotated[str, typer.Option(help="`masked` or `pseudonym`")] = "masked",
    ) -> None:
        """Make a role of your own from operations."""
        role = _role(name, grant, sight)
        if not asyncio.run(_make(ground(settings).dsn, role, about)):
            raise typer.BadParameter("this name is or was a role's", param_hint="NAME")
        typer.echo(f"role {name} may {len(role.grants)} operations")

    @roles.command()
    def end(name: Annotated[str, typer.Argument(help="the role's name")]) -> None:
        """End a role of your own: its bearers may nothing any more."""
        known = asyncio.run(_end(ground(settings).dsn, name))
        typer.echo("ended" if known else "there is no such role of your own")
        raise typer.Exit(0 if known else 1)


def _role(name: str, grant: list[str], sight: str) -> OwnRole:
    if sight not in _SIGHTS:
        raise typer.BadParameter("masked or pseudonym", param_hint="--sight")
    role = OwnRole(name, dict(_grant(each) for each in grant), sight)  # type: ignore[arg-type]
    fault = core.role_fault(role.name, role.grants) or core.sight_fault(role)
    if fault is not None:
        raise typer.BadParameter(f"{fault.why}; {fault.cure}", param_hint=fault.field)
    return role


def _grant(text: str) -> tuple[str, Scope]:
    operation, _, scope = text.partition("=")
    return operation, scope or "all"  # type: ignore[return-value]


def _built_in() -> list[str]:
    return [
        f"{role:<12} {len(core.GRANTS[role]):>3} operations  {about}"
        for role, about in core.ROLES.items()
    ]


async def _own(dsn: str) -> list[str]:
    async with await AsyncConnection.connect(dsn) as conn:
        found = await db.list_roles(conn, "", 1000)
    return [
        f"{role.name:<12} {len(role.grants):>3} operations  {role.about}"
        f"{' (ended)' if role.ended_at else ''}"
        for role in found
    ]


async def _read(dsn: str, name: str) -> OwnRole | None:
    async with await AsyncConnection.connect(dsn) as conn:
        return await db.read_role(conn, name)


async def _make(dsn: str, role: OwnRole, about: str) -> bool:
    async with await AsyncConnection.connect(dsn) as conn:
        made = await db.add_role(conn, role, about, None, datetime.now(UTC))
        if made is not None:
            told = {"grants": dict(role.grants), "sight": role.sight, "about": about}
            await audit.note(conn, "role.make", Change("role", role.name, None, told))
    return made is not None


async def _end(dsn: str, name: str) -> bool:
    async with await AsyncConnection.connect(dsn) as conn:
        ended = await db.end_role(conn, name, datetime.now(UTC))
        if ended is not None:
            told = {"ended_at": ended.ended_at}
            await audit.note(conn, "role.end", Change("role", name, {"ended_at": None}, told))
    return ended is not None
