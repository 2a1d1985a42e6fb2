"""What `tessera prove` finds in a served shop."""

from __future__ import annotations

from support import database
from tessera.checkout.flows.proof import prove_all


def differences(dsn: str) -> list[str]:
    """Each in a sentence; none where all is sound."""

    async def read() -> list[str]:
        async with await database.connect(dsn) as conn:
            return list((await prove_all(conn, chain=True)).differences)

    return database.run(read())
