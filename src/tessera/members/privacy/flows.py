"""A person's end in this room: what was agreed is withdrawn, then the person goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tessera.members.consents import db as consents_db
from tessera.members.consents.core import By, Line
from tessera.members.privacy import db


async def forget(conn: db.Conn, ids: Sequence[UUID], now: datetime) -> None:
    """The persons behind these members go, with whatever they agreed to. They are locked."""
    for member_id in ids:
        said = await consents_db.current(conn, member_id)
        lines = [
            Line(each.purpose, each.channel, "withdrawn", language=each.language)
            for each in said
            if each.state in ("given", "pending")
        ]
        await consents_db.add(conn, member_id, lines, By("erasure", now))
    await db.forget(conn, ids, now)
