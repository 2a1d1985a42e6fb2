"""Stores, remembered."""

from __future__ import annotations

from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements
from tessera.warehouse.core import Store

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def put_store(conn: Conn, store: Store) -> None:
    """Write a store over what it was. Its zone was checked before (`flows.put_store`)."""
    values = {"id": store.id, "name": store.name, "time_zone": store.time_zone}
    await conn.execute(SQL["put_store"], values)


async def all_stores(conn: Conn) -> list[Store]:
    """Every store, by id."""
    return [Store(*row) async for row in await conn.execute(SQL["all_stores"])]
