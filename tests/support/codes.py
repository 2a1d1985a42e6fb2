"""Codes on their way, read as the sweeper hands them over."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from tessera.access.codes import flows
from tessera.access.codes.core import Challenge

NOW = datetime(2026, 11, 22, 9, 3, tzinfo=UTC)
TO = "canary@example.org"


def digits(text: str) -> str:
    """The code in a message."""
    found = re.search(r"\d{6}", text)
    assert found is not None, text
    return found[0]


async def begun(conn, to=TO, now=NOW, **more) -> tuple[Challenge, str]:
    """A challenge and its code, read from the message as the sweeper gets it."""
    challenge = await flows.begin(conn, "sign in", "email", to, None, now, **more)
    assert isinstance(challenge, Challenge), challenge
    await conn.commit()
    for message, _ in await flows.take_due(conn, now, 100):
        if message.id == challenge.id:
            await conn.commit()
            return challenge, digits(message.text)
    return challenge, ""
