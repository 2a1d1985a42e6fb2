"""`tessera keys`: API keys for tills, partners, integrators and the office."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from psycopg import AsyncConnection

from tessera.access import core, db, flows
from tessera.access.audit.core import Change
from tessera.access.core import KeyTerms, OwnRole
from tessera.base.refusal import Refusal
from tessera.doors.cli import audit
from tessera.doors.ground import Settings, ground
from tessera.warehouse.core import Store
from tessera.warehouse.flows import put_store
from tessera.warehouse.stores import db as stores_db

_ROLES = ", ".join(role for role in core.ROLES if role not in core.PEOPLE)
_FIELDS = {"store": "--store", "stores": "--store", "expires_at": "--days", "role": "--role"}


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `keys ...`."""
    keys = typer.Typer(help="API keys: issue, list, rotate, revoke.", no_args_is_help=True)
    app.add_typer(keys, name="keys")

    @keys.command()
    def issue(
        name: Annotated[str, typer.Argument(help="whose key it is, for people")],
        role: Annotated[str, typer.Option(help=f"one of {_ROLES}, or your own")] = "till",
        store: Annotated[list[str] | None, typer.Option(help="a store; again for more")] = None,
        time_zone: Annotated[str, typer.Option(help="of a store that is new")] = "UTC",
        rate: Annotated[int, typer.Option(help="calls per second; 0: the role's default")] = 0,
        days: Annotated[int, typer.Option(help="it works for so long; 0: until revoked")] = 0,
        only: Annotated[list[str] | None, typer.Option(help="an operation; again for more")] = None,
        network: Annotated[list[str] | None, typer.Option(help="CIDR; again for more")] = None,
        mint: Annotated[int, typer.Option(help="points it gives a day; -1: any")] = -1,
    ) -> None:
        """Issue a key. It is shown once; a till's store is added if it is new."""
        terms = KeyTerms(
            name=name, role=core.role_named(role), stores=tuple(store or ()) or None,
            rate_per_s=rate or None,
            expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
            operations=None if only is None else tuple(only), networks=tuple(network or ()),
            mint_per_day=None if mint < 0 else mint,
        )  # fmt: skip
        typer.echo(asyncio.run(issue_key(ground(settings).dsn, terms, time_zone)))

    @keys.command(name="list")
    def list_() -> None:
        """List keys; the tokens themselves are nowhere."""
        for key in asyncio.run(_list(ground(settings).dsn)):
            typer.echo(key)

    @keys.command()
    def rotate(
        key_id: Annotated[str, typer.Argument(help="the key's id, from `list`")],
        overlap: Annotated[int, typer.Option(help="minutes the old token works on")] = 24 * 60,
    ) -> None:
        """Give a key a new token, which is shown once; the old one works on for the overlap."""
        token = asyncio.run(_rotate(ground(settings).dsn, _id(key_id), overlap))
        typer.echo(token or "there is no such key that works: see `tessera keys list`")
        raise typer.Exit(0 if token else 1)

    @keys.command()
    def revoke(key_id: Annotated[str, typer.Argument(help="the key's id, from `list`")]) -> None:
        """Revoke a key; every running process refuses it within seconds."""
        known = asyncio.run(_revoke(ground(settings).dsn, _id(key_id)))
        typer.echo("revoked" if known else "there is no such key: see `tessera keys list`")
        raise typer.Exit(0 if known else 1)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise typer.BadParameter("this is no id: see `tessera keys list`") from error


async def issue_key(dsn: str, terms: KeyTerms, time_zone: str = "UTC") -> str:
    """The token of a fresh key; a store that is new is added. Errors: BadParameter."""
    async with await AsyncConnection.connect(dsn) as conn:
        role = core.built_in(terms.role) or await db.read_role(conn, terms.role)
        if role is None:
            raise typer.BadParameter(f"one of {_ROLES}, or your own", param_hint="--role")
        _held(_fault(terms, role))
        known = {each.id for each in await stores_db.all_stores(conn)}
        for store in terms.stores or ():
            if store not in known:
                made = await put_store(conn, Store(store, store, time_zone))
                if isinstance(made, Refusal):
                    raise typer.BadParameter(f"{made.why}; {made.cure}", param_hint="--time-zone")
        key, token = await flows.make_key(conn, terms, datetime.now(UTC))
        told = {"name": key.name, "role": key.role, "stores": key.stores}
        await audit.note(conn, "key.issue", Change("key", key.id, None, told))
    return token


def _fault(terms: KeyTerms, role: OwnRole) -> Refusal | None:
    now = datetime.now(UTC)
    return (
        core.key_fault(terms.role, terms.stores)
        or core.stores_fault(role, terms.stores)
        or core.end_fault(terms.role, terms.expires_at, now)
        or core.limits_fault(terms, role)
    )


def _held(fault: Refusal | None) -> None:
    if fault is not None:
        hint = _FIELDS.get(fault.field, fault.field)
        raise typer.BadParameter(f"{fault.why}; {fault.cure}", param_hint=hint)


async def _list(dsn: str) -> list[str]:
    async with await AsyncConnection.connect(dsn) as conn:
        found = await db.list_keys(conn, None, 1000)
    return [
        f"{key.id}  {key.role:<6} {','.join(key.stores or ('-',)):<12} {key.rate_per_s:>5}/s  "
        f"{'revoked' if key.revoked_at else 'valid':<8} {key.name}"
        for key in found
    ]


async def _rotate(dsn: str, key_id: UUID, overlap: int) -> str | None:
    now = datetime.now(UTC)
    if not 0 <= overlap <= core.LONGEST_OVERLAP.total_seconds() // 60:
        raise typer.BadParameter("0 minutes to 30 days", param_hint="--overlap")
    async with await AsyncConnection.connect(dsn) as conn:
        key = await db.lock_key(conn, key_id)
        ends = None if key is None else key.expires_at
        if key is None or key.revoked_at is not None or (ends is not None and ends <= now):
            return None
        turned, token = await flows.rotate_key(conn, key, timedelta(minutes=overlap), now)
        told = {"old_until": turned.old_until}
        await audit.note(conn, "key.rotate", Change("key", key_id, None, told))
    return token


async def _revoke(dsn: str, key_id: UUID) -> bool:
    async with await AsyncConnection.connect(dsn) as conn:
        key = await db.revoke_key(conn, key_id, datetime.now(UTC))
        if key is not None:
            told = {"revoked_at": key.revoked_at}
            await audit.note(conn, "key.revoke", Change("key", key_id, None, told))
    return key is not None
