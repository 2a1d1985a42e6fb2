"""What a member bought and did, told as to the member: a hidden rule leaves no trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from tessera.checkout import db as checkout_db
from tessera.checkout.flows import events, reading
from tessera.checkout.privacy import db


async def told(
    conn: checkout_db.Conn, members: Sequence[UUID], accounts: Sequence[UUID], currency: str
) -> dict[str, Any]:
    """{receipts, events} of these members, whatever accounts they were on, the newest first."""
    receipts: list[Any] = []
    last: db.Last = None
    while True:
        rows = await db.receipts(conn, members, accounts, last)
        receipts += await reading.tell(conn, rows, currency, staff=False)
        if len(rows) < db.PAGE:
            break
        last = rows[-1]
    happened: list[Any] = []
    last = None
    while True:
        done = await db.events(conn, members, accounts, last)
        happened += [events.tell(row, currency, staff=False) for row in done]
        if len(done) < db.PAGE:
            break
        last = done[-1]
    return {"receipts": msgspec.to_builtins(receipts), "events": msgspec.to_builtins(happened)}
