"""`tessera keys`: API keys for tills and for administration."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import typer
from psycopg import AsyncConnection

from tessera.access import db, flows
from tessera.access.core import key_fault
from tessera.doors.ground import Settings, ground
from tessera.warehouse.core import Store
from tessera.warehouse.flows import put_store
from tessera.warehouse.stores import db as stores_db


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `keys ...`."""
    keys = typer.Typer(help="API keys: issue, list, revoke.", no_args_is_help=True)
    app.add_typer(keys, name="keys")

    @keys.command()
    def issue(
        name: Annotated[str, typer.Argument(help="whose key it is, for people")],
        role: Annotated[str, typer.Option(help="`till` (one store) or `admin`")] = "till",
        store: Annotated[str, typer.Option(help="the till's store")] = "",
        time_zone: Annotated[str, typer.Option(help="of a store that is new")] = "UTC",
        rate: Annotated[int, typer.Option(help="calls per second; 0: the role's default")] = 0,
    ) -> None:
        """Issue a key. It is shown once; a till's store is added if it is new."""
        if role not in ("till", "admin"):
            raise typer.BadParameter("till or admin", param_hint="--role")
        fault = key_fault("till" if role == "till" else "admin", store or None)
        if fault is not None:
            raise typer.BadParameter(f"{fault.why}; {fault.cure}", param_hint="--store")
        token = asyncio.run(issue_key(ground(settings).dsn, name, role, store, time_zone, rate))  # type: ignore[arg-type]
        typer.echo(token)

    @keys.command(name="list")
    def list_() -> None:
        """List keys; the tokens themselves are nowhere."""
        for key in asyncio.run(_list(ground(settings).dsn)):
            typer.echo(key)

    @keys.command()
    def revoke(key_id: Annotated[str, typer.Argument(help="the key's id, from `list`")]) -> None:
        """Revoke a key; every running process refuses it within seconds."""
        try:
            known = asyncio.run(_revoke(ground(settings).dsn, UUID(key_id)))
        except ValueError as error:
            raise typer.BadParameter("this is no id: see `tessera keys list`") from error
        typer.echo("revoked" if known else "there is no such key: see `tessera keys list`")
        raise typer.Exit(0 if known else 1)


async def issue_key(
    dsn: str, name: str, role: Literal["till", "admin"], store: str, time_zone: str, rate: int
) -> str:
    """The token of a fresh key; a store that is new is added. Errors: BadParameter."""
    async with await AsyncConnection.connect(dsn) as conn:
        known = {each.id for each in await stores_db.all_stores(conn)}
        if store and store not in known:
            made = await put_store(conn, Store(store, store, time_zone))
            if not isinstance(made, Store):
                raise typer.BadParameter(f"{made.why}; {made.cure}", param_hint="--time-zone")
        _, token = await flows.issue_key(
            conn, name, role, store or None, rate or None, None, datetime.now(UTC)
        )
    return token


async def _list(dsn: str) -> list[str]:
    async with await AsyncConnection.connect(dsn) as conn:
        found = await db.list_keys(conn, None, 1000)
    return [
        f"{key.id}  {key.role:<6} {key.store or '-':<12} {key.rate_per_s:>5}/s  "
        f"{'revoked' if key.revoked_at else 'valid':<8} {key.name}"
        for key in found
    ]


async def _revoke(dsn: str, key_id: UUID) -> bool:
    async with await AsyncConnection.connect(dsn) as conn:
        return await db.revoke_key(conn, key_id, datetime.now(UTC)) is not None
