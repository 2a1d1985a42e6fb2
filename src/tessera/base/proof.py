"""What a room's proof is: named statements that find where its rows disagree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from psycopg import AsyncConnection

from tessera.base.sql import statements

Conn = AsyncConnection[tuple[Any, ...]]


class Proof:
    """The statements of the db.sql beside a Python file, asked one after the other.

    Each answers with sentences, at most 100 of its kind, one or several a row (a line each):
    where rows and what they follow from disagree. One more check is one more statement there.
    One named `counts` says how much there is to prove, in one row, as the names given say.
    """

    def __init__(self, beside: str, *counted: str) -> None:
        self._checks = statements(beside)
        self._counts = self._checks.pop("counts") if counted else b""
        self._counted = counted

    async def counts(self, conn: Conn) -> dict[str, int]:
        """How much there is to prove: {name: rows}."""
        if not self._counted:
            return {}
        row = await (await conn.execute(self._counts)).fetchone()
        assert row is not None, "a count has a value"
        return dict(zip(self._counted, row, strict=True))

    async def differences(self, conn: Conn) -> AsyncIterator[str]:
        """Every difference, as a sentence."""
        async with conn.pipeline():
            found = [await conn.execute(check) for check in self._checks.values()]
        for rows in found:
            async for (sentences,) in rows:
                for sentence in sentences.splitlines():
                    yield sentence
