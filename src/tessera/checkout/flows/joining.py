"""Two accounts become one, and part again: points, days of history, allowances, levels."""

from __future__ import annotations

from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.history import flows as history
from tessera.checkout.levels import flows as levels
from tessera.checkout.levels.flows import Ladders
from tessera.checkout.offline import db as offline_db
from tessera.ledger.joining import flows as joining
from tessera.ledger.joining.flows import Ask, Done
from tessera.tiers import flows as tiers

__all__ = ["Ask", "Done", "join", "part"]


async def join(conn: db.Conn, ask: Ask, account: UUID, into: UUID) -> Done | Refusal:
    """What an account owns and did is another's from now on. Errors: as of the ledger."""
    done = await joining.join(conn, ask, account, into)
    if isinstance(done, Done):
        await history.join(conn, account, into)
        await offline_db.go_along(conn, account, into, ask.now)
        await tiers.join(conn, account, into, done.row.id, ask.today, ask.now)
    return done


async def part(
    conn: db.Conn, ask: Ask, joining_id: UUID, ladders: Ladders, *, keep: bool = False
) -> Done | Refusal:  # fmt: skip
    """An account is there again, with what is left of its points and all that it did.

    ladders  of the program: each account stands where its own days carry it
    keep     the points stay; what is owed goes along
    errors   as of the ledger. Allowances stay: tills ask for new ones
    """
    done = await joining.part(conn, ask, joining_id, db.active_since, keep=keep)
    if isinstance(done, Done):
        own, of = done.row.account_id, done.row.to_account_id
        await history.part(conn, own, of)
        await tiers.part(conn, own, of, joining_id, ask.today, ask.now)
        await levels.look_again(conn, ladders, [own, of], ask.today, ask.now)
    return done
