"""What files said of people: it goes when they go, or when nobody repaired it in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from tessera.base.sql import statements
from tessera.warehouse.core import Identifier
from tessera.warehouse.privacy.core import dialled_abroad, dialled_at_home, dialled_nearby

SQL = statements(__file__)
Conn = AsyncConnection[tuple[Any, ...]]


async def forget_quarantined(
    conn: Conn, names: Sequence[Identifier], customers: Mapping[str, str] | None = None
) -> int:
    """Blank the records in quarantine that name one of these; how many they were.

    customers  {mapping: the column that names the customer}: for receipts that an earlier release
               put aside; a row without that column was read by another text of the mapping

    Returns that wait for the end of their load under one of these names go there too, blank.

    Reads the whole quarantine: it is looked at when somebody is erased, not at the till.
    """
    phones = [each.value for each in names if each.kind == "phone"]
    at_home = [(*dialled_at_home(phone), dialled_nearby(phone)) for phone in phones]
    asked = {
        "names": [f"{each.kind} {each.value}" for each in names],
        "words": [each.value.lower() for each in names],
        "addresses": [each.value.lower() for each in names if each.kind == "email"],
        "abroad": [digits for phone in phones for digits in dialled_abroad(phone)],
        "at_home": [digits for each in at_home for digits in each if digits],
        "customers": Jsonb(dict(customers or {})),
    }
    await conn.execute(SQL["put_aside_waiting"], asked)
    return (await conn.execute(SQL["forget_quarantined"], asked)).rowcount


async def forget_old_quarantined(conn: Conn, before: datetime) -> int:
    """Blank the records of loads that ended before a time; how many they were."""
    return (await conn.execute(SQL["forget_old_quarantined"], {"before": before})).rowcount
